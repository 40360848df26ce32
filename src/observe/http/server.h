// The loopback server behind StartHttpServer.
#pragma once

#include <memory>
#include <string>

#include "observe/http/module_table.h"

namespace headrace {

// Listens and serves until destroyed; nullptr and errno's text when it cannot listen.
std::unique_ptr<HttpServer> StartLoopbackServer(const HttpListenAddress& address, HttpRoutes routes,
                                                std::string* error);

}  // namespace headrace
