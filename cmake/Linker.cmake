# mold links in a third of a second what the default linker takes many for; used where the compiler knows it.
include(CheckLinkerFlag)
find_program(HEADRACE_MOLD mold)
if(HEADRACE_MOLD)
  check_linker_flag(CXX "-fuse-ld=mold" HEADRACE_LINKS_WITH_MOLD)
  if(HEADRACE_LINKS_WITH_MOLD)
    add_link_options("-fuse-ld=mold")
  endif()
endif()
