#include "observe/alert_targets.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/utc_text.h"
#include "observe/http_module.h"

namespace headrace {
namespace {

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

Attempt Refused(std::string why) { return {AttemptResult::kRefused, std::move(why)}; }

// What an Env says holds the path, which the user may want to keep to himself.
Attempt FileRefused(const Status& status) {
  return Refused(GetErrorKind(status) == ErrorKind::kOutOfDisk
                     ? "the disk is full"
                     : "it cannot be appended to; see that its directory exists and may be "
                       "written");
}

}  // namespace

std::string AlertJson(const FiredAlert& alert, const RunSnapshot& snapshot) {
  nlohmann::ordered_json json;
  json["alert"] = alert.rule;
  json["level"] = alert.level;
  json["message"] = alert.message;
  json["run_id"] = snapshot.run_id;
  json["name"] = snapshot.name;
  json["seconds"] = snapshot.seconds;
  json["pressure"] = snapshot.pressure;
  json["budget_bytes"] = snapshot.budget_bytes;
  json["rss_bytes"] = snapshot.rss_bytes;
  json["host"] = HostName();
  json["pid"] = snapshot.process_id;
  json["time"] = UtcTextNow();
  // A file name that is no UTF-8 must not stop an alert.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Attempt AppendToAlertFile(Env* env, const std::string& path, const std::string& json) {
  // Opening a pipe would wait for a reader.
  const auto stat = env->Stat(path);
  if (!stat.ok()) return FileRefused(stat.status());
  if (stat->has_value() && (*stat)->type != FileType::kFile) return Refused("it is no plain file");
  auto file = env->OpenForWrite(path, OpenMode::kAppend);
  if (!file.ok()) return FileRefused(file.status());
  const std::string line = json + "\n";
  Status written = (*file)->Append(line.data(), static_cast<int64_t>(line.size()));
  if (written.ok()) written = (*file)->Close();
  return written.ok() ? Attempt{} : FileRefused(written);
}

Attempt PostToWebhook(const AlertTarget& target, const std::string& json,
                      const AttemptLimits& limits) {
  HttpPost post;
  post.url = target.address;
  post.headers = target.headers;
  post.body = json;
  post.timeout_seconds = limits.seconds;
  post.stop = limits.stop;
  const Result<int> status = PostHttp(post);
  if (!status.ok()) {
    return {GetErrorKind(status.status()) == ErrorKind::kNetwork ? AttemptResult::kTryAgain
                                                                 : AttemptResult::kRefused,
            status.status().message()};
  }
  if (*status >= 200 && *status < 300) return {};
  const bool passing = *status == 429 || *status >= 500;
  return {passing ? AttemptResult::kTryAgain : AttemptResult::kRefused,
          fmt::format("it answered with status {}", *status)};
}

}  // namespace headrace
