# A stand-in for an installed Arrow package, made out of the pyarrow wheel, so that HEADRACE_ARROW=system is configured
# and built on machines whose distribution has no Arrow. ARROW_PACKAGE_WHEEL names the wheel's directory. The files of
# ArrowCompute and Parquet beside this one follow the real packages: each finds Arrow and adds its own target.
file(STRINGS "${ARROW_PACKAGE_WHEEL}/include/arrow/util/config.h" _config REGEX "ARROW_(VERSION_STRING|SO_VERSION)")
string(REGEX MATCH "ARROW_VERSION_STRING \"([0-9.]+)" _ "${_config}")
set(Arrow_VERSION "${CMAKE_MATCH_1}")
string(REGEX MATCH "ARROW_SO_VERSION \"([0-9]+)" _ "${_config}")
set(ARROW_SO_VERSION "${CMAKE_MATCH_1}")

function(arrow_package_library target library)
  if(NOT TARGET ${target})
    add_library(${target} SHARED IMPORTED)
    set_target_properties(${target} PROPERTIES
      IMPORTED_LOCATION "${ARROW_PACKAGE_WHEEL}/${library}.so.${ARROW_SO_VERSION}"
      IMPORTED_SONAME "${library}.so.${ARROW_SO_VERSION}"
      INTERFACE_INCLUDE_DIRECTORIES "${ARROW_PACKAGE_WHEEL}/include"
      INTERFACE_LINK_LIBRARIES "${ARGN}")
  endif()
endfunction()
arrow_package_library(Arrow::arrow_shared libarrow)
