#include "source/text/read_ahead.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

namespace headrace {
namespace {

constexpr int64_t kDirectBytes = 1 << 20;
constexpr int64_t kStepBytes = 64 * 1024;  // most that is unpacked between two looks at the ring

class ReadAheadStream : public ByteStream {
 public:
  ReadAheadStream(std::unique_ptr<ByteStream> stream, std::function<void()> interrupt,
                  arrow::MemoryPool* pool)
      : stream_(std::move(stream)), interrupt_(std::move(interrupt)), pool_(pool) {}

  ~ReadAheadStream() override {
    if (!thread_.joinable()) return;
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    room_.notify_one();
    if (interrupt_) interrupt_();
    thread_.join();
  }

  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    if (!thread_.joinable()) {
      if (direct_bytes_ < kDirectBytes || !Start()) {
        ARROW_ASSIGN_OR_RAISE(int64_t count, stream_->Read(length, out));
        direct_bytes_ += count;
        stored_bytes_.store(stream_->stored_bytes_read(), std::memory_order_relaxed);
        return count;
      }
    }
    std::unique_lock lock(mutex_);
    bytes_.wait(lock, [&] { return written_ > read_ || ended_; });
    if (written_ == read_) return failure_.ok() ? Result<int64_t>(0) : failure_;
    const int64_t begin = read_ % kReadAheadBytes;
    const int64_t count = std::min({length, written_ - read_, kReadAheadBytes - begin});
    lock.unlock();  // the thread leaves written bytes alone
    std::memcpy(out, ring_->data() + begin, static_cast<size_t>(count));
    lock.lock();
    read_ += count;
    lock.unlock();
    room_.notify_one();
    return count;
  }

  int64_t stored_bytes_read() const override {
    return stored_bytes_.load(std::memory_order_relaxed);
  }

 private:
  // False where it cannot be: then everything goes on without.
  bool Start() {
    if (refused_) return false;
    refused_ = true;
    auto ring = arrow::AllocateBuffer(kReadAheadBytes, pool_);
    if (!ring.ok()) return false;
    ring_ = ring.MoveValueUnsafe();
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error&) {
      ring_.reset();
      return false;
    }
    return true;
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      room_.wait(lock, [&] { return written_ - read_ < kReadAheadBytes || stopped_; });
      if (stopped_) return;
      const int64_t begin = written_ % kReadAheadBytes;
      const int64_t room =
          std::min({kReadAheadBytes - (written_ - read_), kReadAheadBytes - begin, kStepBytes});
      lock.unlock();
      const Result<int64_t> count = stream_->Read(room, ring_->mutable_data() + begin);
      stored_bytes_.store(stream_->stored_bytes_read(), std::memory_order_relaxed);
      lock.lock();
      if (!count.ok()) failure_ = count.status();
      if (count.ok()) written_ += *count;
      ended_ = !count.ok() || *count == 0;
      bytes_.notify_one();
      if (ended_) return;
    }
  }

  const std::unique_ptr<ByteStream> stream_;
  const std::function<void()> interrupt_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::Buffer> ring_;
  int64_t direct_bytes_ = 0;
  bool refused_ = false;
  std::atomic<int64_t> stored_bytes_{0};

  std::mutex mutex_;  // guards what follows
  std::condition_variable bytes_;
  std::condition_variable room_;
  int64_t written_ = 0;  // in all; byte i stands at i % kReadAheadBytes
  int64_t read_ = 0;
  bool stopped_ = false;
  bool ended_ = false;
  Status failure_;

  std::thread thread_;
};

}  // namespace

std::unique_ptr<ByteStream> ReadAhead(std::unique_ptr<ByteStream> stream,
                                      std::function<void()> interrupt, arrow::MemoryPool* pool) {
  return std::make_unique<ReadAheadStream>(std::move(stream), std::move(interrupt), pool);
}

}  // namespace headrace
