# Builds for an Apple-silicon Mac on Linux. scripts/check-macos makes the tools (cc, ar, ranlib) and
# says where they and the libraries are:
#   PGSUP_MACOS_TOOLS      folder of the tools
#   PGSUP_MACOS_PREFIXES   folders with include/ and lib/pkgconfig/, one for each library
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PGSUP_MACOS_TOOLS PGSUP_MACOS_PREFIXES)

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)
set(CMAKE_C_COMPILER ${PGSUP_MACOS_TOOLS}/cc)
set(CMAKE_AR ${PGSUP_MACOS_TOOLS}/ar)
set(CMAKE_RANLIB ${PGSUP_MACOS_TOOLS}/ranlib)
# CMake insists on having one for Darwin; nothing is installed, so nothing may call it.
set(CMAKE_INSTALL_NAME_TOOL /bin/false)
set(CMAKE_OSX_SYSROOT "")

# A function that is newer than the oldest macOS we build for is an error where warnings are.
set(CMAKE_C_FLAGS_INIT -Wunguarded-availability)

# Libraries and headers come from the prefixes alone, never from the machine that builds.
set(CMAKE_FIND_ROOT_PATH ${PGSUP_MACOS_PREFIXES})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

list(TRANSFORM PGSUP_MACOS_PREFIXES APPEND /lib/pkgconfig OUTPUT_VARIABLE pkgconfig_folders)
list(JOIN pkgconfig_folders ":" pkgconfig_path)
set(ENV{PKG_CONFIG_LIBDIR} ${pkgconfig_path})
set(ENV{PKG_CONFIG_PATH})
