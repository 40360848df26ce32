// HTTP for observing a run: posting alerts, serving metrics and the dashboard on loopback.
//
// The code behind it, with TLS, is a module (libheadrace_http.so) that is loaded on first use from
// the directory of the library or program that contains us, so that a run without alerts and
// metrics pays nothing for it. It stays loaded.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "observe/http/module_table.h"

namespace headrace {

// Loads the module now, so that its absence is told and its memory (about 8 MiB) counted before a
// run begins. InvalidConfig: it is not there.
Status LoadHttpModule();

// The status code of the answer; redirects are not followed. Threads: any; blocks up to the
// post's time limit. Network errors name the host, never the path or headers, which may hold
// secrets. InvalidConfig: no http:// or https:// URL.
Result<int> PostHttp(const HttpPost& post);

// "hooks.example.org:443" of a URL: what messages may say of it. InvalidConfig: no http:// or
// https:// URL.
Result<std::string> HttpHostOf(const std::string& url);

// "127.0.0.1:9464", "[::1]:9464", "localhost:9464", port 0 = any free. Loopback addresses only:
// anything else is InvalidConfig. At most 16 streams at once; a request whose Host header is not a
// loopback name is refused, so that no web page reaches it by DNS rebinding.
Result<std::unique_ptr<HttpServer>> StartHttpServer(const std::string& address, HttpRoutes routes);

// Whether StartHttpServer would take the address, without starting anything.
Result<HttpListenAddress> ParseListenAddress(const std::string& address);

}  // namespace headrace
