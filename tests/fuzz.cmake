# Fuzz targets: libFuzzer, so clang only; built with PGSUP_FUZZ=ON and run by scripts/fuzz. Each is
# also run once over its corpus by ctest, so that what was found once stays found.
#
# pgsup_fuzz(NAME SOURCES a.c USES target… CORPUS folder… [MAX_LEN bytes]): folders of tests/ with
# transcripts or, where there are none, inputs to start from. MAX_LEN: of the inputs that scripts/fuzz
# makes, where the time for one grows with its length; ctest runs the whole corpus as it is.
if(PGSUP_FUZZ)
  function(pgsup_fuzz name)
    cmake_parse_arguments(F "" "MAX_LEN" "SOURCES;USES;CORPUS" ${ARGN})
    set(corpus ${CMAKE_BINARY_DIR}/corpus/${name})
    add_executable(${name} ${F_SOURCES})
    target_link_libraries(${name} PRIVATE ${F_USES})
    pgsup_see_all_rooms(${name})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus-from-transcripts ${corpus} ${F_CORPUS}
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests VERBATIM)
    add_test(NAME fuzz.${name} COMMAND ${name} -runs=0 ${corpus})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120 LABELS fuzz)
    set_property(GLOBAL APPEND PROPERTY PGSUP_FUZZ_TARGETS ${name})
    set_property(GLOBAL APPEND PROPERTY PGSUP_FUZZ_LINES "${name} ${F_MAX_LEN}")
  endfunction()

  pgsup_fuzz(fuzz_http SOURCES fuzz/fuzz_http.c USES cloudinit CORPUS transcripts/http)
  pgsup_fuzz(fuzz_phone_home SOURCES fuzz/fuzz_phone_home.c USES cloudinit
    CORPUS fuzz/seeds/fuzz_phone_home)
  pgsup_fuzz(fuzz_report SOURCES fuzz/fuzz_report.c USES cloudinit CORPUS fuzz/seeds/fuzz_report)
  pgsup_fuzz(fuzz_public_key SOURCES fuzz/fuzz_public_key.c USES cloudinit
    CORPUS fuzz/seeds/fuzz_public_key)
  pgsup_fuzz(fuzz_document_check SOURCES fuzz/fuzz_document_check.c USES cloudinit
    CORPUS fuzz/seeds/fuzz_document_check)
  pgsup_fuzz(fuzz_qmp SOURCES fuzz/fuzz_qmp.c USES qmp CORPUS transcripts/qmp MAX_LEN 4096)
  pgsup_fuzz(fuzz_qga SOURCES fuzz/fuzz_qga.c USES qmp CORPUS transcripts/qga MAX_LEN 4096)
  pgsup_fuzz(fuzz_qcow2_header SOURCES fuzz/fuzz_qcow2_header.c USES host
    CORPUS fuzz/seeds/fuzz_qcow2_header MAX_LEN 4096)
  pgsup_fuzz(fuzz_lab_file SOURCES fuzz/fuzz_lab_file.c USES home_lab CORPUS fuzz/seeds/fuzz_lab_file MAX_LEN 4096)
  pgsup_fuzz(fuzz_backup_manifest SOURCES fuzz/fuzz_backup_manifest.c USES home_backup
    CORPUS fuzz/seeds/fuzz_backup_manifest MAX_LEN 8192)
  pgsup_fuzz(fuzz_libvirt_read SOURCES fuzz/fuzz_libvirt_read.c USES home_moving
    CORPUS fuzz/seeds/fuzz_libvirt_read MAX_LEN 4096)
  pgsup_fuzz(fuzz_ovf SOURCES fuzz/fuzz_ovf.c USES home_moving host CORPUS fuzz/seeds/fuzz_ovf MAX_LEN 4096)
  pgsup_fuzz(fuzz_lease SOURCES fuzz/fuzz_lease.c USES home_names CORPUS fuzz/seeds/fuzz_lease MAX_LEN 4096)
  pgsup_fuzz(fuzz_launcher SOURCES fuzz/fuzz_launcher.c USES launcher CORPUS fuzz/seeds/fuzz_launcher
    MAX_LEN 4096)
  pgsup_fuzz(fuzz_control SOURCES fuzz/fuzz_control.c USES control CORPUS fuzz/seeds/fuzz_control)

  get_property(targets GLOBAL PROPERTY PGSUP_FUZZ_TARGETS)
  get_property(lines GLOBAL PROPERTY PGSUP_FUZZ_LINES)
  string(REPLACE ";" "\n" lines "${lines}")
  file(WRITE ${CMAKE_BINARY_DIR}/fuzz-targets "${lines}\n")
  add_custom_target(fuzz DEPENDS ${targets})
endif()
