// Text inputs: compression, encodings, standard input played back.
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

#include "env/posix_env.h"
#include "source/csv_reading.h"
#include "source/text/input_tape.h"
#include "source/text/text_input.h"

namespace headrace {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(compressBound(text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string ManyRows(int rows, std::string* text) {
  std::mt19937_64 random(3);
  *text = "a,b\n";
  for (int i = 0; i < rows; ++i)
    *text += std::to_string(i) + ",\"v " + std::to_string(random()) + "\"\n";
  return *text;
}

TEST(TextStream, ReadsGzipMembersAndZstdFrames) {
  std::string text;
  ManyRows(40'000, &text);
  ASSERT_OK_AND_ASSIGN(auto expected, ReadText(text));
  const size_t cut = text.size() / 3;
  const std::vector<std::string> stored = {
      Gzip(text), Gzip(text.substr(0, cut)) + Gzip(text.substr(cut)) + std::string(512, '\0'),
      Zstd(text), Zstd(text.substr(0, cut)) + Zstd("") + Zstd(text.substr(cut))};
  for (const std::string& bytes : stored) {
    ReadSettings settings;
    settings.threads = 2;
    settings.batch_bytes = 50'000;
    ASSERT_OK_AND_ASSIGN(auto table, ReadText(bytes, settings));
    ASSERT_EQ(Cells(*table), Cells(*expected));
  }
}

TEST(TextStream, DamagedDataIsBadInput) {
  std::string text;
  ManyRows(20'000, &text);
  for (const std::string& whole : {Gzip(text), Zstd(text)}) {
    for (const size_t cut : {whole.size() - 1, whole.size() / 2, size_t{30}, size_t{12}}) {
      const auto failed = ReadText(whole.substr(0, cut));
      ASSERT_FALSE(failed.ok()) << cut;
      EXPECT_EQ(GetErrorKind(failed.status()), ErrorKind::kBadInput) << failed.status();
      EXPECT_NE(failed.status().message().find("cut short"), std::string::npos) << failed.status();
    }
    std::string flipped = whole;
    flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x55);
    EXPECT_EQ(GetErrorKind(ReadText(flipped).status()), ErrorKind::kBadInput);
  }
  EXPECT_EQ(GetErrorCode(ReadText(Gzip(text) + "trailing").status()), 421);
}

TEST(TextStream, NamesCompressionsItCannotRead) {
  const auto failed = ReadText("BZh91AY&SY rest");
  EXPECT_EQ(GetErrorCode(failed.status()), 420);
  EXPECT_NE(failed.status().message().find("bzip2"), std::string::npos);
}

TEST(TextStream, DecodesOtherEncodings) {
  const Rows expected = {{"[caf\xc3\xa9]", "1"}, {"[\xe2\x82\xac]", "2"}};
  ReadSettings windows;
  windows.csv.encoding = "cp1252";
  ASSERT_OK_AND_ASSIGN(auto from_windows, ReadText("n,v\ncaf\xe9,1\n\x80,2\n", windows));
  EXPECT_EQ(Cells(*from_windows), expected);

  std::string utf16 = "\xff\xfe";
  for (const char16_t unit : u"n,v\ncaf\u00e9,1\n\u20ac,2\n") {
    if (unit == 0) break;
    utf16 += static_cast<char>(unit & 0xff);
    utf16 += static_cast<char>(unit >> 8);
  }
  ASSERT_OK_AND_ASSIGN(auto from_utf16, ReadText(utf16));
  EXPECT_EQ(Cells(*from_utf16), expected);
  ASSERT_OK_AND_ASSIGN(auto marked, ReadText("\xef\xbb\xbfn,v\ncaf\xc3\xa9,1\n\xe2\x82\xac,2\n"));
  EXPECT_EQ(Cells(*marked), expected);
  EXPECT_EQ(marked->ColumnNames()[0], "n");

  ReadSettings latin;
  latin.csv.encoding = "Latin-1";
  ASSERT_OK_AND_ASSIGN(auto from_latin, ReadText("n\n\x80\xff\n", latin));
  EXPECT_EQ(Cells(*from_latin), (Rows{{"[\xc2\x80\xc3\xbf]"}}));
  EXPECT_EQ(GetErrorCode(ReadText("n\nx\x81\n", windows).status()), 423);
  EXPECT_EQ(GetErrorCode(ReadText(utf16 + "x").status()), 423);
}

TEST(TextStream, FindsTheFirstInvalidByte) {
  const auto find = [](const std::string& text) {
    return FindInvalidUtf8(reinterpret_cast<const uint8_t*>(text.data()),
                           static_cast<int64_t>(text.size()));
  };
  EXPECT_EQ(find("plain text of some length \xf0\x9f\x98\x80 \xe2\x82\xac \xc3\xa9"), -1);
  for (const std::string bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                                "\xf4\x90\x80\x80", "\xf8", "\xe2\x82"}) {
    EXPECT_EQ(find("0123456789" + bad), 10);
    EXPECT_EQ(find("0123456789" + bad + "abcdefgh"), 10);
  }
}

// An environment whose standard input is a given text, handed out in small pieces.
class StandardInputEnv : public PosixEnv {
 public:
  explicit StandardInputEnv(std::string text) : text_(std::move(text)) {}
  Result<std::unique_ptr<SequentialReadFile>> OpenStandardInput(std::function<bool()>) override {
    class Pieces : public SequentialReadFile {
     public:
      explicit Pieces(const std::string& text) : text_(text) {}
      Result<int64_t> Read(int64_t length, void* out) override {
        const size_t count =
            std::min({static_cast<size_t>(length), text_.size() - at_, size_t{777}});
        std::memcpy(out, text_.data() + at_, count);
        at_ += count;
        return static_cast<int64_t>(count);
      }
      const std::string& text_;
      size_t at_ = 0;
    };
    return std::make_unique<Pieces>(text_);
  }
  Result<std::unique_ptr<ScratchFile>> OpenScratch(const std::string& directory) override {
    ++scratch_files;
    return PosixEnv::OpenScratch(directory);
  }
  int scratch_files = 0;

 private:
  const std::string text_;
};

Result<std::shared_ptr<arrow::Table>> ReadStandardInput(StandardInputEnv* env,
                                                        const ReadSettings& settings,
                                                        const std::string& scratch) {
  ScanContext context = TestContext(settings);
  context.env = env;
  context.spill_directory = scratch;
  ARROW_ASSIGN_OR_RAISE(auto scan, OpenCsvScan({{"-", -1}}, settings.csv, context));
  ARROW_ASSIGN_OR_RAISE(auto source, TypeAndStart(scan.get(), {}, settings.batch_bytes));
  return DrainSource(source.get(), settings.threads);
}

TEST(TextStream, StandardInputIsReadTwiceForTypes) {
  std::string text;
  ManyRows(60'000, &text);
  ASSERT_OK_AND_ASSIGN(auto expected, ReadText(text));
  for (const std::string& stored : {text, Gzip(text)}) {
    StandardInputEnv env(stored);
    ASSERT_OK_AND_ASSIGN(auto table, ReadStandardInput(&env, {}, testing::TempDir()));
    EXPECT_EQ(Cells(*table), Cells(*expected));
    EXPECT_EQ(env.scratch_files, 1);
  }
}

TEST(TextStream, StandardInputWithTypesNeedsNoScratch) {
  std::string text;
  ManyRows(60'000, &text);
  ReadSettings settings;
  settings.csv.all_strings = true;
  StandardInputEnv env(text);
  ASSERT_OK_AND_ASSIGN(auto table, ReadStandardInput(&env, settings, ""));
  EXPECT_EQ(table->num_rows(), 60'000);
  EXPECT_EQ(env.scratch_files, 0);
  StandardInputEnv untyped(text);
  EXPECT_EQ(GetErrorCode(ReadStandardInput(&untyped, {}, "").status()), 161);
}

}  // namespace
}  // namespace headrace
