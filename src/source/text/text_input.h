// TextInput: one input file, or standard input, that can be read from its start more than once.
#pragma once

#include <arrow/memory_pool.h>

#include <memory>
#include <optional>
#include <string>

#include "base/cancellation.h"
#include "env/env.h"
#include "source/text/byte_stream.h"
#include "source/text/compression.h"
#include "source/text/encoding.h"

namespace headrace {

struct TextInputContext {
  Env* env = nullptr;
  arrow::MemoryPool* pool = nullptr;
  std::string scratch_directory;  // where standard input is kept for a second pass; "" = nowhere
  Cancellation* cancellation = nullptr;  // ends a wait for standard input; may be null
  int threads = 1;  // more than one: unpacking and decoding get a thread of their own
  // A larger file does not stay in the page cache: it could not, and would push out what others
  // read. -1: what the machine has available when the file is opened.
  int64_t cached_file_bytes_max = -1;
};

class InputTape;

// Role: opens decoded (decompressed, UTF-8) streams of one input. Files are opened anew each time;
// standard input is kept: its first bytes in memory, the rest in a scratch file while
// `keep_for_replay` holds. Threads: Open from one thread; streams of a file are
// independent, of standard input only one may be in use. Errors: Source for what cannot be opened
// or read; InvalidConfig when standard input would have to be kept but there is no scratch
// directory.
class TextInput {
 public:
  // `named` is the encoding the user gave; a byte order mark in the text wins over it, UTF-8 is
  // assumed without either.
  static Result<std::shared_ptr<TextInput>> Make(std::string path, int64_t size_bytes,
                                                 std::optional<TextEncoding> named,
                                                 const TextInputContext& context);
  ~TextInput();

  const std::string& path() const { return path_; }
  int64_t size_bytes() const { return size_bytes_; }  // stored; -1 = unknown
  bool is_standard_input() const { return path_ == "-"; }
  Compression compression() const { return compression_; }
  TextEncoding encoding() const { return encoding_; }
  const std::string& why_encoding() const { return why_encoding_; }
  // Bytes before the text that mark its encoding and are dropped: 3 in UTF-8, so that offsets in it
  // are offsets in the file; 0 where the text is decoded anyway.
  int64_t mark_bytes() const { return mark_bytes_; }
  // Memory that an open stream takes from the pool: decompression, decoding, reading ahead, the
  // kept start of standard input.
  int64_t stream_bytes() const { return stream_bytes_; }

  enum class Pass { kReplayable, kLast };  // kLast: nobody will open this input again
  Result<std::unique_ptr<ByteStream>> Open(Pass pass);

 private:
  TextInput(std::string path, int64_t size_bytes, const TextInputContext& context);
  Status Detect(std::optional<TextEncoding> named);
  Result<std::unique_ptr<ByteStream>> OpenStored(Pass pass);
  Result<std::unique_ptr<ByteStream>> OpenDecompressed(Pass pass);
  bool MayStayCached() const;
  bool IsPlain() const {
    return compression_ == Compression::kNone && encoding_ == TextEncoding::kUtf8;
  }

  const std::string path_;
  int64_t size_bytes_;
  const TextInputContext context_;
  std::shared_ptr<InputTape> tape_;  // standard input only
  Compression compression_ = Compression::kNone;
  TextEncoding encoding_ = TextEncoding::kUtf8;
  std::string why_encoding_;
  int64_t mark_bytes_ = 0;
  int64_t stream_bytes_ = 0;
};

}  // namespace headrace
