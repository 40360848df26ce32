#include "source/parquet/row_group_pruning.h"

#include <parquet/page_index.h>
#include <parquet/schema.h>

#include <algorithm>
#include <map>
#include <memory>

#include "expr/bound.h"
#include "expr/membership.h"
#include "source/hive_pruning.h"
#include "source/parquet/column_bounds.h"

namespace headrace {
namespace {

// Beyond this the structures of an index are not worth what they take.
constexpr int32_t kIndexBytesMax = 1 << 20;
// They take about as many times their serialized size, outside of any pool.
constexpr int64_t kIndexExpansion = 16;

std::optional<expr::ColumnBounds> BoundsInRowGroup(const std::string& name,
                                                   const PruningTarget& target) {
  const PrunableColumn column = FindPrunableColumn(name, target.schema, target.file);
  if (column.leaf < 0) return std::nullopt;
  const auto row_group = target.file.metadata()->RowGroup(target.row_group);
  const auto chunk = row_group->ColumnChunk(column.leaf);
  const auto statistics = chunk->is_stats_set() ? chunk->statistics() : nullptr;
  if (!statistics) return std::nullopt;
  return BoundsOf(*statistics, *column.field, row_group->num_rows());
}

// Role: what the page index says of one column. Owner: a PageJudge.
class PageBounds {
 public:
  // nullptr when there is no index that can be used. Throws for damaged ones.
  static std::unique_ptr<PageBounds> Read(const std::string& name, const PruningTarget& target) {
    auto pages = std::make_unique<PageBounds>();
    pages->column_ = FindPrunableColumn(name, target.schema, target.file);
    if (pages->column_.leaf < 0) return nullptr;
    pages->descriptor_ = target.file.metadata()->schema()->Column(pages->column_.leaf);
    const auto row_group = target.file.metadata()->RowGroup(target.row_group);
    const auto chunk = row_group->ColumnChunk(pages->column_.leaf);
    const auto bounds = chunk->GetColumnIndexLocation();
    const auto offsets = chunk->GetOffsetIndexLocation();
    if (!bounds || !offsets || !HasOrder(*pages->descriptor_)) return nullptr;
    const auto bounds_text = ReadIndex(*bounds, target);
    const auto offsets_text = ReadIndex(*offsets, target);
    if (!bounds_text || !offsets_text) return nullptr;
    const int64_t expanded = kIndexExpansion * (bounds_text->size() + offsets_text->size());
    auto charge = arrow::AllocateBuffer(expanded, target.pool);
    if (!charge.ok()) return nullptr;
    pages->charge_ = std::move(charge).ValueUnsafe();
    const auto properties = MakeReaderProperties(target.pool);
    pages->index_ = parquet::ColumnIndex::Make(*pages->descriptor_, bounds_text->data(),
                                               bounds_text->size(), properties);
    const auto locations =
        parquet::OffsetIndex::Make(offsets_text->data(), offsets_text->size(), properties);
    for (const auto& page : locations->page_locations())
      pages->begins_.push_back(page.first_row_index);
    pages->begins_.push_back(row_group->num_rows());
    return pages->IsConsistent() ? std::move(pages) : nullptr;
  }

  // First rows of the pages, then the number of rows.
  const std::vector<int64_t>& begins() const { return begins_; }

  // Of the page that holds `row`.
  expr::ColumnBounds At(int64_t row) const {
    const auto page = static_cast<size_t>(std::upper_bound(begins_.begin(), begins_.end(), row) -
                                          begins_.begin() - 1);
    const int64_t rows = begins_[page + 1] - begins_[page];
    if (index_->null_pages()[page]) {
      expr::ColumnBounds nulls;
      nulls.rows = nulls.null_count = rows;
      return nulls;
    }
    const int64_t nulls = index_->has_null_counts() ? index_->null_counts()[page] : 0;
    const auto statistics = parquet::Statistics::Make(
        descriptor_, index_->encoded_min_values()[page], index_->encoded_max_values()[page],
        rows - nulls, nulls, /*distinct_count=*/0, /*has_min_max=*/true, index_->has_null_counts(),
        /*has_distinct_count=*/false, arrow::system_memory_pool());  // two values at plan time
    return BoundsOf(*statistics, *column_.field, rows);
  }

 private:
  static bool HasOrder(const parquet::ColumnDescriptor& column) {
    return column.column_order().get_order() == parquet::ColumnOrder::TYPE_DEFINED_ORDER &&
           column.sort_order() != parquet::SortOrder::UNKNOWN;
  }

  static std::shared_ptr<arrow::Buffer> ReadIndex(const parquet::IndexLocation& location,
                                                  const PruningTarget& target) {
    if (location.offset < 0 || location.length <= 0 || location.length > kIndexBytesMax ||
        location.offset > target.file.size_bytes() - location.length)
      return nullptr;
    const auto text = target.file.input()->ReadAt(location.offset, location.length);
    return text.ok() && (*text)->size() == location.length ? *text : nullptr;
  }

  bool IsConsistent() const {
    const size_t pages = begins_.size() - 1;
    return pages > 0 && begins_[0] == 0 && std::is_sorted(begins_.begin(), begins_.end()) &&
           std::adjacent_find(begins_.begin(), begins_.end()) == begins_.end() &&
           index_->null_pages().size() == pages && index_->encoded_min_values().size() == pages &&
           index_->encoded_max_values().size() == pages &&
           (!index_->has_null_counts() || index_->null_counts().size() == pages);
  }

  PrunableColumn column_;
  const parquet::ColumnDescriptor* descriptor_ = nullptr;
  std::unique_ptr<arrow::Buffer> charge_;
  std::unique_ptr<parquet::ColumnIndex> index_;
  std::vector<int64_t> begins_;
};

// Role: judges stretches of rows, in each of which every column lies in one page. Threads: one.
class PageJudge {
 public:
  explicit PageJudge(const PruningTarget& target) : target_(target) {}

  // The rows that may match; nullopt when no column has a page index.
  std::optional<RowRanges> Judge(const expr::BoundExpr& predicate) {
    for (const int index : predicate.columns()) {
      if (index < target_.schema.num_fields()) AddColumn(target_.schema.field(index)->name());
    }
    if (borders_.empty()) return std::nullopt;
    std::sort(borders_.begin(), borders_.end());
    borders_.erase(std::unique(borders_.begin(), borders_.end()), borders_.end());
    RowRanges left;
    for (size_t i = 0; i + 1 < borders_.size(); ++i) {
      if (!MayMatch(predicate, borders_[i])) continue;
      if (!left.empty() && left.back().end == borders_[i]) {
        left.back().end = borders_[i + 1];
      } else {
        left.push_back({borders_[i], borders_[i + 1]});
      }
    }
    return left;
  }

 private:
  struct Column {
    std::optional<expr::ColumnBounds> everywhere;  // of the directory, or of the row group
    std::unique_ptr<PageBounds> pages;
  };

  bool MayMatch(const expr::BoundExpr& predicate, int64_t row) {
    return expr::MayMatch(
        predicate, [&](const std::string& name) -> std::optional<expr::ColumnBounds> {
          const auto found = columns_.find(name);
          if (found == columns_.end()) return std::nullopt;
          const Column& column = found->second;
          return column.pages == nullptr ? column.everywhere : column.pages->At(row);
        });
  }

  void AddColumn(const std::string& name) {
    Column column;
    column.everywhere = HiveBounds(target_.hive, target_.file_index, name);
    if (!column.everywhere) {
      column.everywhere = BoundsInRowGroup(name, target_);
      column.pages = PageBounds::Read(name, target_);
    }
    if (column.pages != nullptr) {
      const auto& begins = column.pages->begins();
      borders_.insert(borders_.end(), begins.begin(), begins.end());
    }
    columns_.emplace(name, std::move(column));
  }

  const PruningTarget& target_;
  std::map<std::string, Column> columns_;
  std::vector<int64_t> borders_;
};

}  // namespace

bool RowGroupMayMatch(const expr::BoundExpr& predicate, const PruningTarget& target) {
  try {
    const expr::BoundsLookup bounds = [&](const std::string& column) {
      auto of_directory = HiveBounds(target.hive, target.file_index, column);
      return of_directory ? of_directory : BoundsInRowGroup(column, target);
    };
    BloomFilters blooms(target.file, target.row_group, target.schema, target.pool);
    return expr::MayMatch(
        predicate, bounds, [&](const std::string& column, const arrow::Scalar& value) {
          return target.hive.IndexOf(column) >= 0 || blooms.MayContain(column, value);
        });
  } catch (const std::exception&) {
    return true;  // damaged statistics say nothing; reading the pages will tell
  }
}

std::optional<RowRanges> RowsThatMayMatch(const expr::BoundExpr& predicate,
                                          const PruningTarget& target) {
  try {
    const int64_t rows = target.file.metadata()->RowGroup(target.row_group)->num_rows();
    auto left = PageJudge(target).Judge(predicate);
    if (left && left->size() == 1 && left->front() == RowRange{0, rows}) return std::nullopt;
    return left;
  } catch (const std::exception&) {
    return std::nullopt;  // likewise
  }
}

}  // namespace headrace
