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

  * See pgsup-changelog(7).

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(MAKE_DIRECTORY ${share}/lintian/overrides)
file(WRITE ${share}/lintian/overrides/pgsup
"# Only pgsup starts it; its own manual page says what it downloads.
pgsup: no-manual-page [usr/libexec/pgsup-fetch]
")
file(GLOB pages ${share}/man/man*/*)
execute_process(COMMAND gzip -9nf ${share}/doc/pgsup/changelog ${pages} COMMAND_ERROR_IS_FATAL ANY)
