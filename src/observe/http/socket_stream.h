// One accepted connection as cpp-httplib reads and writes it, with limits on time and bytes.
#pragma once

// They decide the layout of httplib's classes, so they must be those of the packaged library.
#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "compile with the flags that `pkg-config --cflags cpp-httplib` says"
#endif
#include <httplib.h>

#include <array>
#include <chrono>
#include <string>

namespace headrace {

// Role: bounds what a client can cost: a request has five seconds and 32 KiB in all, a write five
// seconds. Owner: the thread of the connection, which also owns the socket. Threads: one; another
// may shut the socket down, which ends every wait. Errors: -1, as httplib wants it.
class SocketStream final : public httplib::Stream {
 public:
  explicit SocketStream(int socket);

  bool is_readable() const override;
  bool is_writable() const override;  // false also when the client has gone
  ssize_t read(char* out, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

  // Says goodbye and takes what the client still sends, so that it sees the answer and no reset.
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;
  // Whether `events` came before the deadline.
  bool Wait(short events, Clock::time_point deadline) const;

  const int socket_;
  const Clock::time_point request_deadline_;
  size_t request_bytes_ = 0;
  // httplib asks for one byte at a time.
  std::array<char, 2048> buffer_{};
  size_t buffer_begin_ = 0;
  size_t buffer_end_ = 0;
};

}  // namespace headrace
