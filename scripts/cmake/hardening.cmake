# What makes a fault harder to use, in every program: bounds of library calls and of the stack are
# checked, variables begin with a pattern, calls and returns go where they may, and nothing that the linker
# writes can be changed afterwards. scripts/check-hardening looks whether the binaries have it.
# Sanitizers see more, and some of this keeps them from it.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckPIESupported)

if(PGSUP_SANITIZE OR PGSUP_FUZZ)
  set(hardened OFF)
else()
  set(hardened ON)
endif()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
check_pie_supported()

if(hardened)
  # Only with optimization; 3 knows more sizes than 2 (gcc 12, clang 9 with glibc 2.34).
  set(CMAKE_REQUIRED_FLAGS "-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -Werror")
  check_c_source_compiles("#include <string.h>\n#if defined __APPLE__ || !defined __USE_FORTIFY_LEVEL || __USE_FORTIFY_LEVEL < 3\n#error\n#endif\nint main(void) { return 0; }"
    HAVE_FORTIFY_3)
  unset(CMAKE_REQUIRED_FLAGS)
  if(HAVE_FORTIFY_3)
    set(level 3)
  else()
    set(level 2)
  endif()
  add_compile_options(-U_FORTIFY_SOURCE $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=${level}>)

  # Control flow: the first for x86_64, the second for aarch64. Apple's arm64 ABI has neither.
  set(flags -fstack-protector-strong -ftrivial-auto-var-init=pattern)
  if(NOT APPLE)
    list(APPEND flags -fstack-clash-protection -fcf-protection=full -mbranch-protection=standard)
  endif()
  foreach(flag ${flags})
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    set(CMAKE_REQUIRED_FLAGS -Werror)
    check_c_compiler_flag(${flag} ${have})
    unset(CMAKE_REQUIRED_FLAGS)
    if(${have})
      add_compile_options(${flag})
    endif()
  endforeach()
endif()

# Apple's linker does this by itself.
if(NOT APPLE)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
