#include "sink/parquet/held_text.h"

namespace headrace {

HeldText::~HeldText() {
  for (const SpillFrame& frame : spilled_) spill_->Release(frame);
}

Status HeldText::Append(const void* data, int64_t bytes) {
  return WithContext(held_.Append(data, bytes), "keeping a Parquet file's metadata");
}

Status HeldText::Spill() {
  if (held_.length() == 0) return Status::OK();
  // Larger than the writer's workspace, so written as it is: this is small beside the rows.
  ARROW_ASSIGN_OR_RAISE(const auto writer, SpillWriter::Make(spill_, 0, pool_));
  const BytesView piece(held_.data(), static_cast<size_t>(held_.length()));
  ARROW_ASSIGN_OR_RAISE(const SpillFrame frame, writer->Write({&piece, 1}));
  spilled_.push_back(frame);
  spilled_bytes_ += held_.length();
  held_.Rewind(0);
  return Status::OK();
}

Status HeldText::ForEachPiece(const std::function<Status(std::string_view piece)>& use) const {
  for (const SpillFrame& frame : spilled_) {
    ARROW_ASSIGN_OR_RAISE(const auto piece, spill_->Read(frame, pool_));
    ARROW_RETURN_NOT_OK(use(std::string_view(*piece)));
  }
  return use({reinterpret_cast<const char*>(held_.data()), static_cast<size_t>(held_.length())});
}

}  // namespace headrace
