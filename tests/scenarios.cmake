# Scenarios: numbered scripts that use the real program as a person would.
file(GLOB scenarios CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/scenarios/[0-9][0-9]-*.sh)
if(NOT APPLE)
  # Preloaded into the supervisor by 61-countdown: fault/fault.c. The program has the sanitizers.
  add_library(fault MODULE fault/fault.c)
  target_compile_options(fault PRIVATE -fno-sanitize=all -U_FORTIFY_SOURCE)
  target_link_libraries(fault PRIVATE PkgConfig::UV PkgConfig::SQLITE ${CMAKE_DL_LIBS})
  # Preloaded by 56-clock: fault/wall_clock.c.
  add_library(wall_clock MODULE fault/wall_clock.c)
  target_compile_options(wall_clock PRIVATE -fno-sanitize=all -U_FORTIFY_SOURCE)
  set(fault "PGSUP_FAULT=$<TARGET_FILE:fault>;PGSUP_WALL_CLOCK=$<TARGET_FILE:wall_clock>")
else()
  list(FILTER scenarios EXCLUDE REGEX "/(56-clock|61-countdown|63-neighbours|64-vmnet-helper|66-networks|67-several-cards|71-dns|84-guest-agent)")
endif()
if(PGSUP_SANITIZE) # does not go together with valgrind, nor with what QEMU would inherit
  list(FILTER scenarios EXCLUDE REGEX "/(56-clock|70-valgrind)")
endif()
foreach(script ${scenarios})
  get_filename_component(name ${script} NAME_WE)
  add_test(NAME scenario.${name} COMMAND bash ${script})
  set_tests_properties(scenario.${name} PROPERTIES TIMEOUT 300 PROCESSORS 1 LABELS scenario SKIP_RETURN_CODE 77
    ENVIRONMENT "PGSUP=$<TARGET_FILE:pgsup>;PGSUP_FAKE_QEMU=$<TARGET_FILE:fake-qemu>;${fault}")
endforeach()
set_tests_properties(scenario.60-chaos PROPERTIES TIMEOUT 900)
if(NOT APPLE)
  set_tests_properties(scenario.61-countdown PROPERTIES TIMEOUT 900)
endif()
# Waits for servers that do not answer, and for what is tried again.
if(NOT APPLE)
  set_tests_properties(scenario.71-dns PROPERTIES TIMEOUT 600)
endif()
# Boots Debian twice, without hardware acceleration if need be.
set_tests_properties(scenario.30-real-guest PROPERTIES TIMEOUT 2400)
# Boots Debian three times.
set_tests_properties(scenario.34-real-seeds PROPERTIES TIMEOUT 3600)
# Boots Debian twice.
set_tests_properties(scenario.36-host-keys-real-guest PROPERTIES TIMEOUT 2400)
