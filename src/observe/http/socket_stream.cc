#include "observe/http/socket_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace headrace {
namespace {

constexpr auto kRequestTime = std::chrono::seconds(5);
constexpr auto kWriteTime = std::chrono::seconds(5);
constexpr auto kGoodbyeTime = std::chrono::milliseconds(200);
constexpr size_t kRequestBytesMax = 32 << 10;

}  // namespace

SocketStream::SocketStream(int socket)
    : socket_(socket), request_deadline_(Clock::now() + kRequestTime) {}

bool SocketStream::Wait(short events, Clock::time_point deadline) const {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left < 0) return false;
    pollfd wanted{socket_, events, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left) + 1);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool SocketStream::is_readable() const { return buffer_begin_ < buffer_end_; }

bool SocketStream::is_writable() const {
  char byte = 0;
  const ssize_t seen = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen > 0 || (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

ssize_t SocketStream::read(char* out, size_t size) {
  if (buffer_begin_ == buffer_end_) {
    if (request_bytes_ >= kRequestBytesMax || !Wait(POLLIN, request_deadline_)) return -1;
    ssize_t count = 0;
    do {
      count = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return count;
    buffer_begin_ = 0;
    buffer_end_ = static_cast<size_t>(count);
    request_bytes_ += static_cast<size_t>(count);
  }
  const size_t taken = std::min(size, buffer_end_ - buffer_begin_);
  std::memcpy(out, buffer_.data() + buffer_begin_, taken);
  buffer_begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t SocketStream::write(const char* data, size_t size) {
  const auto deadline = Clock::now() + kWriteTime;
  size_t written = 0;
  while (written < size) {
    // MSG_NOSIGNAL: a client that went away must not end the run by SIGPIPE.
    const ssize_t count =
        ::send(socket_, data + written, size - written, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      written += static_cast<size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!Wait(POLLOUT, deadline)) return -1;
    } else if (errno != EINTR) {
      return -1;
    }
  }
  return static_cast<ssize_t>(written);
}

void SocketStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip = "loopback";
  port = 0;
}

void SocketStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip = "loopback";
  port = 0;
}

void SocketStream::Finish() {
  ::shutdown(socket_, SHUT_WR);
  const auto deadline = Clock::now() + kGoodbyeTime;
  while (Wait(POLLIN, deadline)) {
    const ssize_t count = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) return;
  }
}

}  // namespace headrace
