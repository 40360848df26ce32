# The library that C++ programs link, and what `cmake --install` lays out:
#   bin/headrace   lib/libheadrace.so   lib/libheadrace_http.so (loaded on demand)
#   lib/headrace/ (Arrow and other libraries the target machine may lack)
#   include/headrace/   include/headrace-arrow/ (the headers of exactly that Arrow)   lib/cmake/headrace/
# The bundled libraries stand in a directory of their own, so that a prefix such as /usr/local never shadows another
# Arrow. Everything finds its neighbours through $ORIGIN, so the prefix can be moved.
# Why one shared library for programs and a command without it: docs/decisions/0020-one-library.md.
include(CMakePackageConfigHelpers)
set(_bundle "lib/headrace")
set(_not_bundled "^lib(c|m|dl|rt|pthread|stdc\\+\\+|gcc_s|asan|ubsan|tsan)\\.so" "^ld-linux")

# CMake wants a source of its own; the rooms come in whole from their archives.
set(_source "${CMAKE_BINARY_DIR}/library.cc")
if(NOT EXISTS "${_source}")
  file(WRITE "${_source}" "// All code of this library comes from the rooms' archives.\n")
endif()
add_library(headrace_library SHARED "${_source}")
add_library(headrace::headrace ALIAS headrace_library)
target_link_libraries(headrace_library
  PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,headrace_api>"
  INTERFACE headrace_arrow_interface Threads::Threads)
target_include_directories(headrace_library INTERFACE
  "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:include>")
target_compile_features(headrace_library INTERFACE cxx_std_20)
set_target_properties(headrace_library PROPERTIES
  OUTPUT_NAME headrace EXPORT_NAME headrace VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  INSTALL_RPATH "$ORIGIN/headrace")
if(NOT HEADRACE_SANITIZE)
  target_link_options(headrace_library PRIVATE LINKER:--no-undefined)
endif()
set_target_properties(headrace_command PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/headrace")

# The public headers name Arrow's types. In the build tree that is Arrow::arrow; installed, the package file defines it.
add_library(headrace_arrow_interface INTERFACE)
set_target_properties(headrace_arrow_interface PROPERTIES EXPORT_NAME arrow_interface)
target_link_libraries(headrace_arrow_interface INTERFACE
  "$<BUILD_INTERFACE:Arrow::arrow>" "$<INSTALL_INTERFACE:headrace::arrow>")

install(TARGETS headrace_command RUNTIME_DEPENDENCY_SET headrace_dependencies DESTINATION bin)
install(TARGETS headrace_library headrace_arrow_interface EXPORT headrace_targets
  RUNTIME_DEPENDENCY_SET headrace_dependencies LIBRARY DESTINATION lib)
install(TARGETS headrace_http RUNTIME_DEPENDENCY_SET headrace_dependencies LIBRARY DESTINATION lib)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/include/headrace" DESTINATION include)
install(EXPORT headrace_targets NAMESPACE headrace:: FILE headraceTargets.cmake DESTINATION lib/cmake/headrace)

if(HEADRACE_ARROW STREQUAL "wheel")
  install(DIRECTORY "${HEADRACE_ARROW_LIBRARY_DIR}/include/arrow" "${HEADRACE_ARROW_LIBRARY_DIR}/include/parquet"
    DESTINATION include/headrace-arrow)
  install(RUNTIME_DEPENDENCY_SET headrace_dependencies DESTINATION "${_bundle}"
    PRE_EXCLUDE_REGEXES ${_not_bundled} DIRECTORIES "${HEADRACE_ARROW_LIBRARY_DIR}")
else()
  # An installed Arrow stays where it is, and is found by the path it was linked with; the rest is bundled.
  set_target_properties(headrace_command headrace_library PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(RUNTIME_DEPENDENCY_SET headrace_dependencies DESTINATION "${_bundle}"
    PRE_EXCLUDE_REGEXES ${_not_bundled} "^lib(arrow|parquet)")
endif()
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/headraceConfig.cmake.in"
  "${CMAKE_BINARY_DIR}/headraceConfig.cmake" INSTALL_DESTINATION lib/cmake/headrace)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/headraceConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/headraceConfig.cmake" "${CMAKE_BINARY_DIR}/headraceConfigVersion.cmake"
  DESTINATION lib/cmake/headrace)
