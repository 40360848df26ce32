#include "source/json/json_source.h"

namespace headrace {
namespace {

struct JsonMorsel : Morsel {
  std::unique_ptr<JsonBlock> block;
};

}  // namespace

JsonSource::JsonSource(std::vector<JsonInput> inputs, std::shared_ptr<arrow::Schema> schema,
                       JsonReadingSettings settings)
    : schema_(std::move(schema)),
      settings_(std::move(settings)),
      reader_(std::move(inputs), settings_.limits, TextInput::Pass::kLast, settings_.cancellation,
              settings_.pool),
      counts_(reader_.inputs().size()) {}

Result<std::unique_ptr<JsonSource>> JsonSource::Make(std::vector<JsonInput> inputs,
                                                     std::shared_ptr<arrow::Schema> schema,
                                                     JsonReadingSettings settings) {
  std::unique_ptr<JsonSource> source(
      new JsonSource(std::move(inputs), std::move(schema), std::move(settings)));
  // Here, so that a type that text cannot be read as is told before the first row.
  ARROW_ASSIGN_OR_RAISE(auto workspace, source->TakeWorkspace());
  source->free_workspaces_.push_back(std::move(workspace));
  return source;
}

Result<std::unique_ptr<Morsel>> JsonSource::Next() {
  auto morsel = std::make_unique<JsonMorsel>();
  ARROW_ASSIGN_OR_RAISE(morsel->block, reader_.Next(&morsel->sequence));
  if (morsel->block == nullptr) return nullptr;
  morsel->file = morsel->block->file;
  return std::unique_ptr<Morsel>(std::move(morsel));
}

Status JsonSource::Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) {
  std::unique_ptr<JsonBlock> block = std::move(static_cast<JsonMorsel*>(morsel.get())->block);
  const UnderWay under_way = std::move(block->under_way);
  ARROW_ASSIGN_OR_RAISE(auto workspace, TakeWorkspace());
  const EmitBatch count_and_emit = [&](Batch batch) {
    return Emit(block->file, std::move(batch), emit);
  };
  ARROW_RETURN_NOT_OK(
      JsonReading(settings_, reader_.inputs(), schema_, *block, workspace.get(), count_and_emit)
          .Run());
  reader_.Recycle(std::move(block));
  std::lock_guard lock(mutex_);
  free_workspaces_.push_back(std::move(workspace));
  return Status::OK();
}

Status JsonSource::Emit(int file, Batch batch, const EmitBatch& emit) {
  counts_.Add(file, batch);
  return emit(std::move(batch));
}

Result<std::unique_ptr<JsonWorkspace>> JsonSource::TakeWorkspace() {
  {
    std::lock_guard lock(mutex_);
    if (!free_workspaces_.empty()) {
      auto workspace = std::move(free_workspaces_.back());
      free_workspaces_.pop_back();
      return workspace;
    }
  }
  auto workspace = std::make_unique<JsonWorkspace>(settings_.pool);
  arrow::FieldVector read;
  for (const auto& field : schema_->fields()) {
    if (field->name() != settings_.places.line && field->name() != settings_.places.offset)
      read.push_back(field);
  }
  ARROW_ASSIGN_OR_RAISE(workspace->columns, JsonRowColumns::Make(*arrow::schema(std::move(read)),
                                                                 settings_.keys, settings_.pool));
  if (settings_.only_these_keys) workspace->columns->RefuseUnknownKeys();
  return workspace;
}

}  // namespace headrace
