#include "sink/column_hold.h"

#include <algorithm>

#include "data/byte_size.h"
#include "sink/out_of_memory.h"
#include "sink/stored_columns.h"

namespace headrace {
namespace {

// With fewer rows per partition and batch, slicing columns costs more than encoding rows.
constexpr int64_t kRowsPerRunMin = 16;
// The objects of a column of a batch, and of the slice of it that is being encoded.
constexpr int64_t kColumnObjectBytes = 1400;

}  // namespace

// Views are not copied by taking rows, so they would pin whole batches.
ColumnHold::ColumnHold(ColumnHoldOptions options)
    : options_(std::move(options)), is_open_(!HasViews(*options_.schema)) {}

int64_t ColumnHold::BytesOf(const GroupedRows& grouped) {
  // Runs stand in their batch, and once more when they are put together by partition.
  return ReferencedBytes(*grouped.columns) +
         static_cast<int64_t>(grouped.runs.size() * (sizeof(PartitionRun) + sizeof(Part))) +
         grouped.columns->num_columns() * kColumnObjectBytes;
}

Result<bool> ColumnHold::Take(GroupedRows* grouped) {
  if (!is_open()) return false;
  const int64_t bytes = BytesOf(*grouped);
  const auto runs = static_cast<int64_t>(grouped->runs.size());
  if (rows_ + grouped->rows() > options_.rows_max || bytes_ + bytes > options_.bytes_max() ||
      grouped->rows() < runs * kRowsPerRunMin) {
    return false;
  }
  rows_ += grouped->rows();
  bytes_ += bytes;
  held_.push_back(std::move(*grouped));
  return true;
}

Status ColumnHold::HandOver(const std::function<Status(const GroupedRows&)>& use) {
  is_open_.store(false, std::memory_order_release);
  for (GroupedRows& grouped : held_) {
    ARROW_RETURN_NOT_OK(use(grouped));
    grouped = GroupedRows(options_.pool);
  }
  held_.clear();
  return Status::OK();
}

ColumnHold::Parts ColumnHold::PartsByPartition() const {
  Parts parts{arrow::stl::allocator<Part>(options_.pool)};
  for (const GroupedRows& grouped : held_) {
    for (const PartitionRun& run : grouped.runs) {
      parts.push_back({run.partition, grouped.columns.get(), run.begin, run.end});
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.partition->id < b.partition->id; });
  return parts;
}

Status ColumnHold::WriteAll(EncoderPool* encoders, FileSet* files,
                            const SideBySideOptions& side_by_side) {
  Parts parts{arrow::stl::allocator<Part>(options_.pool)};
  std::vector<size_t, arrow::stl::allocator<size_t>> begins{
      arrow::stl::allocator<size_t>(options_.pool)};
  try {
    parts = PartsByPartition();
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i == 0 || parts[i].partition != parts[i - 1].partition) begins.push_back(i);
    }
    begins.push_back(parts.size());
  } catch (const std::bad_alloc&) {
    return OutOfSinkMemory("the partitions of a small result");
  }
  ARROW_RETURN_NOT_OK(RunSideBySide(
      side_by_side, static_cast<int64_t>(begins.size()) - 1, [&](int64_t at) -> Status {
        const auto number = static_cast<size_t>(at);
        BatchVector batches;
        for (size_t i = begins[number]; i < begins[number + 1]; ++i) {
          batches.push_back(parts[i].columns->Slice(parts[i].begin, parts[i].end - parts[i].begin));
        }
        // It stays with the partition: after a failure the set may still have it in its lists.
        Partition* partition = parts[begins[number]].partition;
        partition->series = std::make_unique<FileSeries>(partition->directory);
        ARROW_RETURN_NOT_OK(encoders->Encode(
            std::move(batches), [&](std::unique_ptr<EncodedChunk> chunk, ChunkEnd end) {
              return files->Append(partition->series.get(), 0, std::move(chunk), end);
            }));
        ARROW_RETURN_NOT_OK(files->Finish(partition->series.get()));
        partition->series.reset();
        return Status::OK();
      }));
  return HandOver([](const GroupedRows&) { return Status::OK(); });
}

}  // namespace headrace
