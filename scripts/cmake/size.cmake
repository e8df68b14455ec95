# What makes the programs smaller and starts them with less work. Needs `hardened` of hardening.cmake:
# sanitizers want the tables by which they unwind.
include(CheckCSourceCompiles)
include(CheckLinkerFlag)

if(hardened)
  # Most of the code runs once in a command.
  add_compile_options($<$<CONFIG:RelWithDebInfo,Release>:-Os>)

  add_compile_options(-ffunction-sections -fdata-sections)
  foreach(flag -Wl,--gc-sections -Wl,-dead_strip)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_linker_flag(C ${flag} ${have})
    if(${have})
      add_link_options(${flag})
      break()
    endif()
  endforeach()
endif()

if(hardened AND NOT APPLE) # Apple's crash reports need its compact form
  # Debuggers unwind by .debug_frame, which -g writes; nothing in the programs unwinds itself.
  add_compile_options(-fno-asynchronous-unwind-tables -fno-unwind-tables)

  # One bit for each relocation instead of 24 bytes: the linker and the C library must know them.
  set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-z,pack-relative-relocs -Wl,--fatal-warnings)
  check_c_source_compiles("#include <features.h>\n#if !defined __GLIBC__ || !__GLIBC_PREREQ(2, 36)\n#error\n#endif\nint main(void) { return 0; }"
    HAVE_PACKED_RELOCATIONS)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  if(HAVE_PACKED_RELOCATIONS)
    add_link_options(-Wl,-z,pack-relative-relocs)
  endif()
endif()

# The dynamic linker looks for each symbol in one library after another: those in which it finds four of
# five come first.
function(pgsup_starts_fast target)
  if(hardened AND NOT APPLE)
    target_link_options(${target} PRIVATE LINKER:--push-state,--no-as-needed ${SQLITE_LINK_LIBRARIES} -lc
                                          LINKER:--pop-state)
  endif()
endfunction()

# What is called for each request, message or row is compiled for speed.
function(pgsup_fast)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo,Release>:-O2>)
  endforeach()
endfunction()
