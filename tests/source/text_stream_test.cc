// Text inputs: compression, encodings, standard input played back.
#include <bzlib.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

#include "env/posix_env.h"
#include "source/csv_reading.h"
#include "source/text/input_tape.h"
#include "source/text/read_ahead.h"
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

std::string Bzip2(const std::string& text) {
  auto length = static_cast<unsigned>(text.size() + text.size() / 50 + 1000);
  std::string out(length, '\0');
  BZ2_bzBuffToBuffCompress(out.data(), &length, const_cast<char*>(text.data()),
                           static_cast<unsigned>(text.size()), 9, 0, 0);
  out.resize(length);
  return out;
}

std::string Xz(const std::string& text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  size_t length = 0;
  lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr,
                          reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                          reinterpret_cast<uint8_t*>(out.data()), &length, out.size());
  out.resize(length);
  return out;
}

std::string Lz4(const std::string& text, LZ4F_blockSizeID_t block = LZ4F_max64KB,
                LZ4F_blockMode_t mode = LZ4F_blockLinked) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = block;
  preferences.frameInfo.blockMode = mode;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.blockChecksumFlag =
      mode == LZ4F_blockLinked ? LZ4F_noBlockChecksum : LZ4F_blockChecksumEnabled;
  std::string out(LZ4F_compressFrameBound(text.size(), &preferences), '\0');
  out.resize(LZ4F_compressFrame(out.data(), out.size(), text.data(), text.size(), &preferences));
  return out;
}

// As `lz4 -l` writes it: blocks of 8 MiB, no end mark.
std::string LegacyLz4(const std::string& text) {
  const auto word = [](uint32_t value) {
    std::string bytes;
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
    return bytes;
  };
  std::string out = word(0x184c2102);
  for (size_t at = 0; at < text.size(); at += 8 << 20) {
    const std::string block = text.substr(at, 8 << 20);
    std::string packed(static_cast<size_t>(LZ4_compressBound(static_cast<int>(block.size()))),
                       '\0');
    packed.resize(static_cast<size_t>(LZ4_compress_default(block.data(), packed.data(),
                                                           static_cast<int>(block.size()),
                                                           static_cast<int>(packed.size()))));
    out += word(static_cast<uint32_t>(packed.size())) + packed;
  }
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

TEST(TextStream, ReadsEveryOtherCompression) {
  std::string text;
  ManyRows(40'000, &text);  // about a MiB: the thread that unpacks takes part
  ASSERT_OK_AND_ASSIGN(auto expected, ReadText(text));
  const std::string first = text.substr(0, text.size() / 3);
  const std::string rest = text.substr(text.size() / 3);
  const std::string skippable = std::string("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
  const std::string zeros(300, '\0');
  const std::vector<std::pair<std::string, std::string>> stored = {
      {"bzip2", Bzip2(text)},
      {"bzip2 streams", Bzip2(first) + Bzip2("") + Bzip2(rest) + zeros},
      {"xz", Xz(text)},
      {"xz streams", Xz(first) + Xz("") + std::string(8, '\0') + Xz(rest)},
      {"lz4", Lz4(text)},
      {"lz4 independent blocks", Lz4(text, LZ4F_max256KB, LZ4F_blockIndependent)},
      {"lz4 frames", skippable + Lz4(first) + skippable + Lz4("") +
                         Lz4(rest, LZ4F_max1MB, LZ4F_blockIndependent) + zeros},
      {"lz4 legacy", LegacyLz4(first) + Lz4(rest)},
      {"lz4 legacy frames", LegacyLz4(first) + LegacyLz4(rest)}};
  for (const auto& [name, bytes] : stored) {
    for (const int threads : {1, 3}) {
      ReadSettings settings;
      settings.threads = threads;
      settings.batch_bytes = 50'000;
      auto table = ReadText(bytes, settings);
      ASSERT_TRUE(table.ok()) << name << ": " << table.status();
      ASSERT_EQ(Cells(**table), Cells(*expected)) << name;
    }
  }
}

TEST(TextStream, DamagedDataIsBadInput) {
  std::string text;
  ManyRows(20'000, &text);
  for (const std::string& whole : {Gzip(text), Zstd(text), Bzip2(text), Xz(text), Lz4(text)}) {
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
  EXPECT_EQ(GetErrorCode(ReadText(Bzip2(text) + "trailing").status()), 424);
  EXPECT_EQ(GetErrorCode(ReadText(Lz4(text) + "trailing").status()), 425);
  EXPECT_EQ(GetErrorCode(ReadText(Xz(text) + "trailing").status()), 426);
}

TEST(TextStream, NamesCompressionsItCannotRead) {
  const auto failed = ReadText("PK\x03\x04 rest");
  EXPECT_EQ(GetErrorCode(failed.status()), 420);
  EXPECT_NE(failed.status().message().find("zip"), std::string::npos);
  ASSERT_OK_AND_ASSIGN(auto text, ReadText("BZh9,b\n1,2\n"));  // a name, not a mark
  EXPECT_EQ(text->ColumnNames()[0], "BZh9");
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

std::string Utf16(std::u16string_view text, bool little_endian) {
  std::string bytes;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xff), high = static_cast<char>(unit >> 8);
    bytes += little_endian ? low : high;
    bytes += little_endian ? high : low;
  }
  return bytes;
}

TEST(TextStream, ZeroBytesTellUtf16WithoutAMark) {
  const std::u16string_view text = u"name,v\ncaf\u00e9,1\n\u20ac,2\n";
  const Rows expected = {{"[caf\xc3\xa9]", "1"}, {"[\xe2\x82\xac]", "2"}};
  for (const bool little_endian : {true, false}) {
    ASSERT_OK_AND_ASSIGN(auto table, ReadText(Utf16(text, little_endian)));
    EXPECT_EQ(Cells(*table), expected) << little_endian;
  }
  // Zero bytes that are no pattern are no text.
  EXPECT_EQ(GetErrorCode(ReadText(std::string("a,b\n1,\0\n", 8)).status()), 407);
}

TEST(TextStream, Utf32IsRefusedByName) {
  std::string little("\xff\xfe\0\0", 4), unmarked;
  for (const char c : std::string("a,b\n1,2\n")) {
    little += std::string{c, 0, 0, 0};
    unmarked += std::string{0, 0, 0, c};
  }
  for (const std::string& text : {little, unmarked}) {
    const auto failed = ReadText(text);
    EXPECT_EQ(GetErrorCode(failed.status()), 427) << failed.status();
    EXPECT_NE(failed.status().message().find("UTF-32"), std::string::npos);
  }
}

// A stream that gives a letter per byte, slowly if asked, and then ends or fails.
class LetterStream : public ByteStream {
 public:
  LetterStream(int64_t length, Status end) : length_(length), end_(std::move(end)) {}
  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    if (position_ == length_ && !end_.ok()) return end_;
    const int64_t count = std::min({length, length_ - position_, 1 + position_ % 70'001});
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<uint8_t>('a' + (position_ + i) % 26);
    position_ += count;
    return count;
  }
  int64_t stored_bytes_read() const override { return position_; }

 private:
  const int64_t length_;
  const Status end_;
  int64_t position_ = 0;
};

TEST(ReadAhead, GivesTheSameBytesAndTheFailureAfterThem) {
  constexpr int64_t kLength = 5'000'000;
  for (const Status& end : {Status::OK(), Status::IOError("torn")}) {
    auto stream =
        ReadAhead(std::make_unique<LetterStream>(kLength, end), {}, arrow::default_memory_pool());
    std::vector<uint8_t> piece(100'000);
    int64_t total = 0;
    Status status;
    while (true) {
      auto count = stream->Read(1 + total % 99'991, piece.data());
      status = count.status();
      if (!count.ok() || *count == 0) break;
      for (int64_t i = 0; i < *count; ++i) ASSERT_EQ(piece[i], 'a' + (total + i) % 26);
      total += *count;
    }
    EXPECT_EQ(total, kLength);
    EXPECT_EQ(status.ToString(), end.ToString());
  }
}

TEST(ReadAhead, CanBeLeftAtAnyPoint) {
  for (const int64_t wanted : {int64_t{0}, int64_t{10}, int64_t{1} << 20, int64_t{3} << 20}) {
    bool interrupted = false;
    auto stream = ReadAhead(
        std::make_unique<LetterStream>(int64_t{1} << 40, Status::OK()), [&] { interrupted = true; },
        arrow::default_memory_pool());
    std::vector<uint8_t> piece(1 << 20);
    int64_t total = 0;
    while (total < wanted) {
      ASSERT_OK_AND_ASSIGN(int64_t count, stream->Read(1 << 20, piece.data()));
      total += count;
    }
    const bool threaded = wanted > 1 << 20;
    // As much as was asked for, and the ring.
    EXPECT_LE(stream->stored_bytes_read(), total + kReadAheadBytes);
    stream.reset();
    EXPECT_EQ(interrupted, threaded);
  }
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
    ASSERT_OK_AND_ASSIGN(auto table, ReadStandardInput(&env, {}, ::testing::TempDir()));
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

// The share of a file's pages that the page cache holds; -1 where the kernel does not tell.
double CachedShare(const std::string& path, size_t bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  void* const mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
  std::vector<unsigned char> pages((bytes + 4095) / 4096);
  const bool told = mapped != MAP_FAILED && ::mincore(mapped, bytes, pages.data()) == 0;
  if (mapped != MAP_FAILED) ::munmap(mapped, bytes);
  ::close(descriptor);
  if (!told) return -1;
  const auto cached = std::count_if(pages.begin(), pages.end(), [](auto page) { return page & 1; });
  return static_cast<double>(cached) / static_cast<double>(pages.size());
}

TEST(TextInputFiles, OnlyWhatIsTooLargeLeavesThePageCache) {
  const size_t bytes = (20 << 20) + 5000;
  const std::string path = WriteTestFile("cached.csv", std::string(bytes, 'x'));
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::fsync(descriptor), 0);  // dirty pages stay
  ::close(descriptor);
  const auto read = [&](int64_t cached_max) {
    TextInputContext context{Env::Default(), arrow::default_memory_pool(), "", nullptr};
    context.cached_file_bytes_max = cached_max;
    auto input = TextInput::Make(path, static_cast<int64_t>(bytes), std::nullopt, context);
    auto stream = (*input)->Open(TextInput::Pass::kLast).ValueOrDie();
    std::vector<uint8_t> block(1 << 20);
    size_t done = 0;
    while (true) {
      const int64_t count = ReadFully(stream.get(), std::ssize(block), block.data()).ValueOrDie();
      if (count == 0) break;
      EXPECT_EQ(std::count(block.begin(), block.begin() + count, 'x'), count);
      done += static_cast<size_t>(count);
    }
    EXPECT_EQ(done, bytes);
    return CachedShare(path, bytes);
  };
  EXPECT_NE(read(static_cast<int64_t>(bytes)), 0);
  EXPECT_NE(read(-1), 0);  // small files are never in the way
  const double left = read(static_cast<int64_t>(bytes) - 1);
  std::remove(path.c_str());
  if (left == 1) GTEST_SKIP() << "this file system holds its files in memory";
  EXPECT_LT(left, 0.1);
}

}  // namespace
}  // namespace headrace
