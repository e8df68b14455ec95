if(TARGET cli)
  pgsup_test(options SOURCES unit/test_options.c USES cli)
  pgsup_test(help SOURCES unit/test_help.c USES cli)

  add_test(NAME completion COMMAND ${CMAKE_SOURCE_DIR}/tests/unit/check_completion.sh)
  set_tests_properties(completion PROPERTIES TIMEOUT 60 LABELS unit
    ENVIRONMENT "PGSUP=$<TARGET_FILE:pgsup>")
endif()
