// The one symbol of libheadrace_http.so.
#include <exception>

#include "observe/http/post.h"
#include "observe/http/server.h"

namespace headrace {
namespace {

// Exceptions of the libraries end here: the other side knows none.
int Post(const HttpTarget& target, const HttpPost& post, std::string* error) {
  try {
    return PostOnce(target, post, error);
  } catch (const std::exception& failure) {
    // Of its text only what holds no part of the request.
    *error = dynamic_cast<const std::bad_alloc*>(&failure) != nullptr
                 ? "there was no memory for the request"
                 : "the request failed";
    return 0;
  }
}

std::unique_ptr<HttpServer> Start(const HttpListenAddress& address, HttpRoutes routes,
                                  std::string* error) {
  try {
    return StartLoopbackServer(address, std::move(routes), error);
  } catch (const std::exception& failure) {
    *error = failure.what();
    return nullptr;
  }
}

}  // namespace
}  // namespace headrace

extern "C" __attribute__((visibility("default"))) const headrace::HttpModuleTable*
headrace_http_module() {
  static const headrace::HttpModuleTable table = [] {
    headrace::HttpModuleTable filled;
    filled.post = headrace::Post;
    filled.start_server = headrace::Start;
    return filled;
  }();
  return &table;
}
