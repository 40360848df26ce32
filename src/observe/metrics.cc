#include "observe/metrics.h"

#include <unistd.h>

#include "base/threads.h"

namespace headrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kFileInterval = std::chrono::seconds(1);
constexpr auto kLastWriteTime = std::chrono::seconds(2);

}  // namespace

struct MetricsOutputs::Writer {
  Writer(std::string path, std::function<void(const std::string&)> log_line, Env* the_env)
      : file(std::move(path)),
        // Does not end in .prom, so that a collector never reads it half written.
        temporary(fmt::format("{}.headrace-{}", file, ::getpid())),
        log(std::move(log_line)),
        env(the_env) {}

  // Replaces the file whole. Not synced: after a crash of the machine nobody wants these numbers.
  Status Write(const RunSnapshot& snapshot) {
    const std::string text = MetricsText(snapshot);
    ARROW_ASSIGN_OR_RAISE(auto out, env->OpenForWrite(temporary, OpenMode::kTruncate));
    Status written = out->Append(text.data(), static_cast<int64_t>(text.size()));
    if (written.ok()) written = out->Close();
    if (written.ok()) written = env->Rename(temporary, file, RenameMode::kReplace);
    if (!written.ok()) (void)env->RemoveFile(temporary);
    return written;
  }

  // The thread that writes: at most once a second, and once more at the end.
  void Loop() {
    std::unique_lock lock(mutex);
    auto next = Clock::now();
    for (bool last = false; !last;) {
      wake.wait(lock, [&] { return stopping || changed; });
      wake.wait_until(lock, next, [&] { return stopping; });
      next = Clock::now() + kFileInterval;
      last = stopping;
      if (!changed) continue;
      changed = false;
      const RunSnapshot snapshot = newest;
      lock.unlock();
      const Status written = Write(snapshot);
      lock.lock();
      if (!written.ok() && !failed && log_open && log) {
        failed = true;
        log(fmt::format("the metrics file is not up to date: {}", written.message()));
      }
    }
    ended = true;
    done.notify_all();
  }

  const std::string file;
  const std::string temporary;
  const std::function<void(const std::string&)> log;
  Env* const env;

  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable done;
  RunSnapshot newest;
  bool changed = false;
  bool stopping = false;
  bool failed = false;
  bool log_open = true;
  bool ended = false;
};

Result<std::unique_ptr<MetricsOutputs>> MetricsOutputs::Make(
    const std::string& address, const std::string& file,
    std::function<void(const std::string&)> log, Env* env) {
  std::unique_ptr<MetricsOutputs> outputs(new MetricsOutputs);
  outputs->writer_ = std::make_shared<Writer>(file, std::move(log), env);
  const std::shared_ptr<Writer> writer = outputs->writer_;
  if (!address.empty()) {
    HttpRoutes routes;
    routes.page = [writer](const std::string& path) {
      if (path != "/metrics") return HttpPage{404, "text/plain", "see /metrics\n"};
      RunSnapshot snapshot;
      {
        std::lock_guard lock(writer->mutex);
        snapshot = writer->newest;
      }
      return HttpPage{200, kMetricsContentType, MetricsText(snapshot)};
    };
    ARROW_ASSIGN_OR_RAISE(outputs->server_, StartHttpServer(address, std::move(routes)));
  }
  if (!file.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto stat, env->Stat(file));
    if (stat.has_value() && stat->type == FileType::kOther) {
      return MakeError(ErrorKind::kInvalidConfig, 746,
                       "the metrics file is replaced once a second, which a pipe or device is not "
                       "for; name another place for it: {}",
                       file);
    }
    const Status written = writer->Write({});
    if (!written.ok()) {
      return WithContext(written, "the metrics file cannot be written; name another place for it");
    }
    if (!StartThread(&outputs->threads_, [writer] { writer->Loop(); }) && writer->log) {
      writer->log("the metrics file stays empty: the system gives no more threads");
    }
  }
  return outputs;
}

MetricsOutputs::~MetricsOutputs() { Finish(); }

void MetricsOutputs::On(const RunSnapshot& snapshot) {
  std::lock_guard lock(writer_->mutex);
  writer_->newest = snapshot;
  writer_->changed = true;
  writer_->wake.notify_one();
}

void MetricsOutputs::Finish() {
  server_.reset();
  if (threads_.empty() || !writer_) return;
  std::unique_lock lock(writer_->mutex);
  writer_->stopping = true;
  writer_->wake.notify_all();
  const bool ended = writer_->done.wait_for(lock, kLastWriteTime, [&] { return writer_->ended; });
  writer_->log_open = false;
  lock.unlock();
  if (ended) {
    threads_.front().join();
  } else {
    threads_.front().detach();  // hangs in the disk and holds what it needs
  }
  threads_.clear();
}

}  // namespace headrace
