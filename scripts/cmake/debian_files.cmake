# Run by cpack on the folder that becomes the package.
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)
if(NOT IS_DIRECTORY ${share})
  message(FATAL_ERROR "debian_files.cmake: no folder ${share}")
endif()
# Debian's zsh looks there for what packages bring.
file(MAKE_DIRECTORY ${share}/zsh/vendor-completions)
file(RENAME ${share}/zsh/site-functions/_pgsup ${share}/zsh/vendor-completions/_pgsup)
file(REMOVE_RECURSE ${share}/zsh/site-functions)
# The date of the release, so that two builds give the same file.
set(date "Thu, 26 Nov 2026 12:00:00 +0000")
file(WRITE ${share}/doc/pgsup/changelog
"pgsup (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * See the changes in the source's history.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(GLOB pages ${share}/man/man*/*)
execute_process(COMMAND gzip -9nf ${share}/doc/pgsup/changelog ${pages} COMMAND_ERROR_IS_FATAL ANY)
