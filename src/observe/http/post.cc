#include "observe/http/post.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "observe/http/socket_stream.h"  // with the settings of httplib.h

namespace headrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kWatchInterval = std::chrono::milliseconds(50);
constexpr size_t kAddressesMax = 4;

std::string TextOf(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return "the connection was refused";
    case httplib::Error::ConnectionTimeout:
      return "the connection did not come about in time";
    case httplib::Error::Read:
      return "there was no whole answer in time";
    case httplib::Error::Write:
      return "the request could not be sent";
    case httplib::Error::SSLConnection:
      return "TLS could not be agreed on";
    case httplib::Error::SSLLoadingCerts:
      return "the certificates of this machine could not be loaded";
    case httplib::Error::SSLServerVerification:
      return "the server's certificate is not trusted by this machine";
    default:
      return "the request failed";
  }
}

// Numeric addresses of a host, in the system's order of preference.
std::vector<std::string> Resolve(const HttpTarget& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  std::vector<std::string> addresses;
  // AI_ADDRCONFIG does not count loopback, so a machine without a network is asked once more.
  if (::getaddrinfo(target.host.c_str(), nullptr, &hints, &found) != 0) {
    hints.ai_flags = 0;
    if (::getaddrinfo(target.host.c_str(), nullptr, &hints, &found) != 0) return addresses;
  }
  for (const addrinfo* at = found; at != nullptr && addresses.size() < kAddressesMax;
       at = at->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  ::freeaddrinfo(found);
  return addresses;
}

// Role: ends a request at its deadline, or when nobody waits for it any more; httplib's own limits
// are per read and write. Owner: one attempt. Threads: one of its own. Errors: without a thread
// httplib's limits alone hold.
class Watchdog {
 public:
  Watchdog(httplib::ClientImpl* client, Clock::time_point deadline, const std::atomic<bool>* stop) {
    try {
      thread_ = std::thread([this, client, deadline, stop] {
        std::unique_lock lock(mutex_);
        while (!done_) {
          if (Clock::now() >= deadline || (stop != nullptr && stop->load())) {
            lock.unlock();
            client->stop();
            lock.lock();
          }
          wake_.wait_for(lock, kWatchInterval, [&] { return done_; });
        }
      });
    } catch (const std::system_error&) {
      // As said above.
    }
  }
  ~Watchdog() {
    if (!thread_.joinable()) return;
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

httplib::Request RequestOf(const HttpTarget& target, const HttpPost& post, int* status) {
  httplib::Request request;
  request.method = "POST";
  request.path = target.path;
  for (const auto& [name, value] : post.headers) request.headers.emplace(name, value);
  request.set_header("Content-Type", post.content_type);
  request.body = post.body;
  // The status is all that is wanted; whatever follows is not read.
  request.response_handler = [status](const httplib::Response& response) {
    *status = response.status;
    return false;
  };
  return request;
}

std::unique_ptr<httplib::ClientImpl> ClientOf(const HttpTarget& target) {
  if (target.is_tls) return std::make_unique<httplib::SSLClient>(target.host, target.port);
  return std::make_unique<httplib::ClientImpl>(target.host, target.port);
}

// One address of the host. Whether another one may be tried is *unreachable.
int PostTo(const std::string& address, const HttpTarget& target, const HttpPost& post,
           Clock::time_point deadline, std::string* error, bool* unreachable) {
  const auto left =
      std::max(deadline - Clock::now(), Clock::duration(std::chrono::milliseconds(1)));
  const auto client = ClientOf(target);
  client->set_hostname_addr_map({{target.host, address}});
  client->set_connection_timeout(left);
  client->set_read_timeout(left);
  client->set_write_timeout(left);
  client->set_keep_alive(false);
  client->set_follow_location(false);
  client->set_url_encode(false);
  client->set_decompress(false);

  int status = 0;
  httplib::Request request = RequestOf(target, post, &status);
  httplib::Response response;
  httplib::Error failure = httplib::Error::Success;
  {
    Watchdog watchdog(client.get(), deadline, post.stop);
    if (client->send(request, response, failure) && status == 0) status = response.status;
  }
  if (status > 0) return status;
  *unreachable = failure == httplib::Error::Connection;
  *error = TextOf(failure);
  return 0;
}

}  // namespace

int PostOnce(const HttpTarget& target, const HttpPost& post, std::string* error) {
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(post.timeout_seconds));
  // Name service has limits of its own, so the time is looked at again after it.
  const std::vector<std::string> addresses = Resolve(target);
  *error = addresses.empty() ? "its name cannot be resolved"
                             : "the connection did not come about in time";
  for (const std::string& address : addresses) {
    if (Clock::now() >= deadline || (post.stop != nullptr && post.stop->load())) return 0;
    bool unreachable = false;
    const int status = PostTo(address, target, post, deadline, error, &unreachable);
    if (status > 0 || !unreachable) return status;
  }
  return 0;
}

}  // namespace headrace
