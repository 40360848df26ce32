# Imports Arrow C++ out of the pyarrow wheel: headers and SONAME-only libraries, no CMake package of its own.
# HEADRACE_PYTHON names the interpreter whose environment holds the wheel. Defines Arrow::arrow, Arrow::compute,
# Arrow::parquet and HEADRACE_ARROW_LIBRARY_DIR.
set(HEADRACE_PYTHON "${CMAKE_SOURCE_DIR}/.venv/bin/python" CACHE FILEPATH "Interpreter whose environment has the pyarrow wheel")
execute_process(
  COMMAND "${HEADRACE_PYTHON}" -c
          "import importlib.util as u, os; print(os.path.dirname(u.find_spec('pyarrow').origin))"
  OUTPUT_VARIABLE HEADRACE_ARROW_LIBRARY_DIR OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE _wheel_result)
if(NOT _wheel_result EQUAL 0)
  message(FATAL_ERROR "no pyarrow wheel found by ${HEADRACE_PYTHON}; run `make setup` or set HEADRACE_ARROW=system")
endif()
file(STRINGS "${HEADRACE_ARROW_LIBRARY_DIR}/include/arrow/util/config.h" _config REGEX "ARROW_(VERSION_STRING|SO_VERSION)")
string(REGEX MATCH "ARROW_VERSION_STRING \"([0-9.]+)" _ "${_config}")
set(HEADRACE_ARROW_VERSION "${CMAKE_MATCH_1}")
string(REGEX MATCH "ARROW_SO_VERSION \"([0-9]+)" _ "${_config}")
set(HEADRACE_ARROW_SO_VERSION "${CMAKE_MATCH_1}")
if(HEADRACE_ARROW_VERSION VERSION_LESS 26.0.1 OR NOT HEADRACE_ARROW_VERSION VERSION_LESS 27)
  message(FATAL_ERROR "the pyarrow wheel is ${HEADRACE_ARROW_VERSION}; headrace builds on >=26.0.1,<27")
endif()
foreach(_pair "arrow:libarrow" "compute:libarrow_compute" "parquet:libparquet")
  string(REPLACE ":" ";" _pair "${_pair}")
  list(GET _pair 0 _name)
  list(GET _pair 1 _library)
  add_library(Arrow::${_name} SHARED IMPORTED GLOBAL)
  set_target_properties(Arrow::${_name} PROPERTIES
    IMPORTED_LOCATION "${HEADRACE_ARROW_LIBRARY_DIR}/${_library}.so.${HEADRACE_ARROW_SO_VERSION}"
    IMPORTED_SONAME "${_library}.so.${HEADRACE_ARROW_SO_VERSION}"
    INTERFACE_INCLUDE_DIRECTORIES "${HEADRACE_ARROW_LIBRARY_DIR}/include")
endforeach()
target_link_libraries(Arrow::compute INTERFACE Arrow::arrow)
target_link_libraries(Arrow::parquet INTERFACE Arrow::arrow)
message(STATUS "Arrow ${HEADRACE_ARROW_VERSION} from the pyarrow wheel")
