# libheadrace_http.so: HTTP and TLS behind src/observe/http_module.h. A module of its own that is loaded on first use,
# because OpenSSL would cost every run memory and start-up time; it lies beside the command and libheadrace.so.
find_package(PkgConfig REQUIRED)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib>=0.11.4)

file(GLOB _http_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/observe/http/*.cc")
add_library(headrace_http MODULE ${_http_sources})
target_include_directories(headrace_http PRIVATE "${CMAKE_SOURCE_DIR}/src")
target_link_libraries(headrace_http PRIVATE headrace_options PkgConfig::HTTPLIB)
set_target_properties(headrace_http PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
  INSTALL_RPATH "$ORIGIN/headrace")
if(NOT HEADRACE_SANITIZE)
  target_link_options(headrace_http PRIVATE LINKER:--no-undefined)
endif()

# headrace_needs_http_module(<target>): builds the module before whatever links the target.
function(headrace_needs_http_module target)
  add_dependencies(${target} headrace_http)
endfunction()
