pgsup_test(document SOURCES unit/test_document.c USES cloudinit)
pgsup_test(document_text SOURCES unit/test_document_text.c USES cloudinit)
pgsup_test(http SOURCES unit/test_http.c USES cloudinit)
pgsup_test(password SOURCES unit/test_password.c USES cloudinit)
pgsup_test(phone_home SOURCES unit/test_phone_home.c USES cloudinit)
pgsup_test(public_key SOURCES unit/test_public_key.c USES cloudinit)
pgsup_test(route SOURCES unit/test_route.c USES cloudinit)

# cloud-init's own judgement of the golden documents. Linux only: it has no package on macOS.
if(NOT APPLE)
  find_program(CLOUD_INIT cloud-init)
  add_test(NAME cloud-init-schema
    COMMAND /usr/bin/python3 golden/check_seed.py ${CLOUD_INIT}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
  set_tests_properties(cloud-init-schema PROPERTIES TIMEOUT 120 LABELS unit)
endif()
