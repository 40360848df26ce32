# Arrow C++ as an installed CMake package: the second supported way, -DHEADRACE_ARROW=system. Defines the same targets
# as FindWheelArrow: Arrow::arrow, Arrow::compute, Arrow::parquet, and HEADRACE_ARROW_VERSION.
# Point -DCMAKE_PREFIX_PATH at an Arrow installed in an unusual place.
set(_minimum 26.0)

function(headrace_find_arrow_package package target)
  find_package(${package} CONFIG QUIET GLOBAL)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR
      "HEADRACE_ARROW=system: no CMake package ${package} was found. Install Arrow C++ >= ${_minimum} with compute and "
      "Parquet, set CMAKE_PREFIX_PATH to its prefix, or leave HEADRACE_ARROW=wheel and run `make setup`")
  endif()
  if(${package}_VERSION AND ${package}_VERSION VERSION_LESS _minimum)
    message(FATAL_ERROR
      "HEADRACE_ARROW=system: ${package} ${${package}_VERSION} in ${${package}_DIR} is too old; headrace needs >= ${_minimum}")
  endif()
  foreach(_candidate IN LISTS ARGN)
    if(TARGET ${_candidate})
      add_library(${target} INTERFACE IMPORTED GLOBAL)
      target_link_libraries(${target} INTERFACE ${_candidate})
      set(HEADRACE_ARROW_VERSION "${${package}_VERSION}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "HEADRACE_ARROW=system: package ${package} defines none of the targets ${ARGN}")
endfunction()

headrace_find_arrow_package(ArrowCompute Arrow::compute
  ArrowCompute::arrow_compute_shared ArrowCompute::arrow_compute_static)
headrace_find_arrow_package(Parquet Arrow::parquet Parquet::parquet_shared Parquet::parquet_static)
headrace_find_arrow_package(Arrow Arrow::arrow Arrow::arrow_shared Arrow::arrow_static)
target_link_libraries(Arrow::compute INTERFACE Arrow::arrow)
target_link_libraries(Arrow::parquet INTERFACE Arrow::arrow)
message(STATUS "Arrow ${HEADRACE_ARROW_VERSION} from ${Arrow_DIR}")
