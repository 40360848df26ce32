// Publishes a small dataset or file through the real Env, to be killed on the way.
//
//   crash_publisher publish TARGET dataset|file create|append|overwrite|overwrite-partitions RUN_ID
//   FILE=TEXT... crash_publisher recover TARGET
//
// FILE is the path below the dataset ("y=1/a.parquet"), or nothing for a single file ("=text"); the
// last "=" divides. Prints "acknowledged" and flushes when Publish has returned OK. The exit code
// is that of the command.
#include <cstdio>
#include <cstring>
#include <string>

#include "commit/transaction.h"

namespace headrace {
namespace {

Status Stage(Transaction* transaction, const std::string& path, const std::string& text) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<WritableFile> file,
                        transaction->OpenStaged(path, OpenMode::kTruncate));
  ARROW_RETURN_NOT_OK(file->Append(text.data(), static_cast<int64_t>(text.size())));
  ARROW_RETURN_NOT_OK(file->Sync());
  return file->Close();
}

PublishMode ModeOf(const std::string& name) {
  if (name == "append") return PublishMode::kAppend;
  if (name == "overwrite") return PublishMode::kOverwrite;
  if (name == "overwrite-partitions") return PublishMode::kOverwritePartitions;
  return PublishMode::kCreate;
}

Status Publish(int argc, char** argv) {
  TransactionOptions options;
  options.target = argv[2];
  options.kind = std::strcmp(argv[3], "file") == 0 ? TargetKind::kSingleFile : TargetKind::kDataset;
  options.mode = ModeOf(argv[4]);
  options.run_id = argv[5];
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<Transaction> transaction,
                        Transaction::Begin(Env::Default(), options));
  PublishInfo info;
  for (int i = 6; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.rfind('=');
    ARROW_RETURN_NOT_OK(
        Stage(transaction.get(), argument.substr(0, equals), argument.substr(equals + 1)));
    ++info.files;
  }
  ARROW_RETURN_NOT_OK(transaction->Publish(info).status());
  std::printf("acknowledged\n");
  std::fflush(stdout);
  return Status::OK();
}

int Finish(const Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", FormatError(status).c_str());
  return ExitCode(GetErrorKind(status));
}

}  // namespace
}  // namespace headrace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "recover") == 0) {
    return headrace::Finish(headrace::Recover(headrace::Env::Default(), argv[2]).status());
  }
  if (argc >= 6 && std::strcmp(argv[1], "publish") == 0) {
    return headrace::Finish(headrace::Publish(argc, argv));
  }
  std::fprintf(stderr, "usage: crash_publisher publish|recover TARGET ...\n");
  return 2;
}
