#include "source/csv/text_block.h"

#include <cstring>

namespace headrace {
namespace {

int64_t BitsBytes(int64_t capacity) { return StructureWords(capacity + 1) * 8; }

}  // namespace

Result<std::unique_ptr<TextBlock>> TextBlock::Make(int64_t capacity, arrow::MemoryPool* pool,
                                                   int64_t columns_max) {
  std::unique_ptr<TextBlock> block(new TextBlock());
  block->pool_ = pool;
  block->capacity_ = capacity;
  block->padding_ = 2 * kTextPadding + columns_max;
  ARROW_ASSIGN_OR_RAISE(block->text_,
                        arrow::AllocateResizableBuffer(block->TextBytes(capacity), pool));
  ARROW_ASSIGN_OR_RAISE(block->bits_, arrow::AllocateResizableBuffer(BitsBytes(capacity), pool));
  ARROW_ASSIGN_OR_RAISE(block->index_, arrow::AllocateResizableBuffer(0, pool));
  std::memset(block->text_->mutable_data(), 0, kTextPadding);
  return block;
}

Status TextBlock::Grow(int64_t capacity) {
  // Only the text is worth keeping; giving the rest back first lowers the peak.
  ARROW_RETURN_NOT_OK(bits_->Resize(0, /*shrink_to_fit=*/true));
  ARROW_RETURN_NOT_OK(index_->Resize(0, /*shrink_to_fit=*/true));
  ARROW_RETURN_NOT_OK(text_->Resize(TextBytes(capacity), /*shrink_to_fit=*/false));
  ARROW_RETURN_NOT_OK(bits_->Resize(BitsBytes(capacity), /*shrink_to_fit=*/false));
  capacity_ = capacity;
  return Status::OK();
}

Status TextBlock::ReserveIndex(int64_t count) {
  const int64_t bytes = count * static_cast<int64_t>(sizeof(uint32_t));
  if (index_->size() >= bytes) return Status::OK();
  ARROW_RETURN_NOT_OK(index_->Resize(0, /*shrink_to_fit=*/true));
  return index_->Resize(bytes, /*shrink_to_fit=*/false);
}

}  // namespace headrace
