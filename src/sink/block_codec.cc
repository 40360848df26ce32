#include "sink/block_codec.h"

#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_estimateCCtxSize_usingCParams
#include <zstd.h>

#include <algorithm>

namespace headrace {

int64_t CodecContextBytes(arrow::Compression::type codec, int level, int64_t block_bytes) {
  constexpr int kUsualLevel = 3;
  if (codec != arrow::Compression::ZSTD || level <= kUsualLevel) return 0;
  const auto context_bytes = [&](int of_level) {
    const auto parameters =
        ZSTD_getCParams(of_level, static_cast<unsigned long long>(block_bytes), 0);
    return static_cast<int64_t>(ZSTD_estimateCCtxSize_usingCParams(parameters));
  };
  return std::max<int64_t>(0, context_bytes(level) - context_bytes(kUsualLevel));
}

struct BlockCodec::ZstdContext {
  explicit ZstdContext(int compression_level)
      : context(ZSTD_createCCtx()), level(compression_level) {}
  ZstdContext(const ZstdContext&) = delete;
  ZstdContext& operator=(const ZstdContext&) = delete;
  ~ZstdContext() { ZSTD_freeCCtx(context); }
  ZSTD_CCtx* context;
  const int level;
};

BlockCodec::BlockCodec() = default;
BlockCodec::~BlockCodec() = default;

Result<std::unique_ptr<arrow::util::Codec>> MakeLibraryCodec(arrow::Compression::type codec,
                                                             int level) {
  if (codec == arrow::Compression::UNCOMPRESSED) return nullptr;
  if (arrow::util::Codec::SupportsCompressionLevel(codec))
    return arrow::util::Codec::Create(codec, level);
  return arrow::util::Codec::Create(codec);
}

Result<std::unique_ptr<BlockCodec>> BlockCodec::Make(arrow::Compression::type codec, int level) {
  if (codec == arrow::Compression::UNCOMPRESSED) return nullptr;
  std::unique_ptr<BlockCodec> made(new BlockCodec());
  if (codec == arrow::Compression::ZSTD) {
    made->zstd_ = std::make_unique<ZstdContext>(level);
    if (made->zstd_->context == nullptr) return Status::OutOfMemory("a zstd context");
    return made;
  }
  ARROW_ASSIGN_OR_RAISE(made->other_, MakeLibraryCodec(codec, level));
  return made;
}

int64_t BlockCodec::MaxCompressedBytes(int64_t bytes) {
  if (zstd_) return static_cast<int64_t>(ZSTD_compressBound(static_cast<size_t>(bytes)));
  return other_->MaxCompressedLen(bytes, nullptr);
}

Result<int64_t> BlockCodec::Compress(const uint8_t* data, int64_t bytes, uint8_t* out,
                                     int64_t out_bytes) {
  if (!zstd_) return other_->Compress(bytes, data, out_bytes, out);
  const size_t size = ZSTD_compressCCtx(zstd_->context, out, static_cast<size_t>(out_bytes), data,
                                        static_cast<size_t>(bytes), zstd_->level);
  if (ZSTD_isError(size)) return Status::IOError("zstd: ", ZSTD_getErrorName(size));
  return static_cast<int64_t>(size);
}

}  // namespace headrace
