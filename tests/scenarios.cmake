# Scenarios: numbered scripts that use the real program as a person would.
file(GLOB scenarios CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/scenarios/[0-9][0-9]-*.sh)
if(TARGET pgsup)
  foreach(script ${scenarios})
    get_filename_component(name ${script} NAME_WE)
    add_test(NAME scenario.${name} COMMAND bash ${script})
    set_tests_properties(scenario.${name} PROPERTIES TIMEOUT 300 PROCESSORS 1 LABELS scenario
      ENVIRONMENT "PGSUP=$<TARGET_FILE:pgsup>;PGSUP_FAKE_QEMU=$<TARGET_FILE:fake-qemu>")
  endforeach()
  set_tests_properties(scenario.60-chaos PROPERTIES TIMEOUT 900)
  # Boots Debian twice, without hardware acceleration if need be.
  set_tests_properties(scenario.30-real-guest PROPERTIES TIMEOUT 2400)
endif()
