# What `cmake --install` installs, `cmake --build BUILD --target uninstall`, and the Debian package that
# `cpack` makes. Manual pages and completions are written by the program itself, from its tables.
include(GNUInstallDirs)
install(TARGETS pgsup RUNTIME)
install(TARGETS pgsup-fetch RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR})
install(PROGRAMS supervisor/pgsup-inventory TYPE BIN)

if(NOT CMAKE_CROSSCOMPILING)
  set(manual ${CMAKE_BINARY_DIR}/manual)
  add_custom_command(OUTPUT ${manual}/written
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${manual}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${manual}/completions
    COMMAND pgsup help --man-folder ${manual}
    COMMAND pgsup completion bash > ${manual}/completions/pgsup
    COMMAND pgsup completion zsh > ${manual}/completions/_pgsup
    COMMAND pgsup completion fish > ${manual}/completions/pgsup.fish
    COMMAND ${CMAKE_COMMAND} -E touch ${manual}/written
    DEPENDS pgsup VERBATIM)
  add_custom_target(manual ALL DEPENDS ${manual}/written)
  install(DIRECTORY ${manual}/man1 ${manual}/man7 DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(FILES ${manual}/completions/pgsup
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${manual}/completions/_pgsup DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${manual}/completions/pgsup.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
install(FILES LICENSE TYPE DOC RENAME copyright)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux") # Homebrew's service is in the formula
  install(FILES scripts/systemd/pgsup.service DESTINATION lib/systemd/user)
endif()

# CMake notes what it installs; see its FAQ, "How to uninstall".
file(WRITE ${CMAKE_BINARY_DIR}/uninstall.cmake [[
set(list ${CMAKE_CURRENT_LIST_DIR}/install_manifest.txt)
if(NOT EXISTS ${list})
  message(FATAL_ERROR "nothing was installed from this build folder")
endif()
file(STRINGS ${list} files)
foreach(file ${files})
  message(STATUS "Uninstalling $ENV{DESTDIR}${file}")
  file(REMOVE "$ENV{DESTDIR}${file}")
endforeach()
file(REMOVE ${list})
]])
add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -P ${CMAKE_BINARY_DIR}/uninstall.cmake VERBATIM)

# --- The Debian package.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pgsup)
set(CPACK_PACKAGE_VENDOR "The pgsup authors")
set(CPACK_PACKAGE_CONTACT "The pgsup authors <pgsup@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "supervisor for QEMU virtual machines")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Runs cloud images as virtual machines on the user's own computer: a supervisor
starts QEMU, drives each machine over QMP, serves cloud-init's seeds, takes the
guests' phone-home, runs Ansible and keeps everything in one folder.
.
Machines outlive the supervisor, and a script starts each one without it.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "qemu-system-arm | qemu-system-x86, qemu-utils, openssh-client, mtools")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "qemu-efi-aarch64 | ovmf, ansible-core")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bind9-dnsutils")
# What Debian's policy asks for and no system else: compressed pages and a change log.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/scripts/cmake/debian_files.cmake)
include(CPack)
