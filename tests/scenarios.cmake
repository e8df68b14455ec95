# Scenarios: numbered scripts that use the real program as a person would. The folder that one is in
# is its tier, which is its ctest label:
#   cli    no VM runs
#   vm     an idle QEMU, or a fake one
#   guest  the mini guest boots
#   real   a Debian guest boots
#   fault  the supervisor is killed, its calls fail, valgrind watches it
# All other tests have the label "unit".
#
# What follows an "@" in a name is the guest that it runs with, as PGSUP_GUEST tells it.
#
# The columns:
#   cost     seconds on two idle processors
#   slots    of the three that two processors have (scripts/test): 1 for a scenario that mostly waits, 2
#            for one that keeps a processor busy. Those with 2 are started first, the longest first, so
#            that all along one that waits runs beside one that is busy. 3: nothing beside it
#   timeout  seconds on such processors; on a slower or busy computer it is three times that. One command
#            of run() has a minute more than this or than ten times the cost, and all together what ctest
#            grants but 45 s: then it is said what hangs (scenarios/watch.sh)
#   CI       the pass of .ci/run that it belongs to: normal, sanitized or both; none: it is too long, and
#            run by hand. In a build for the other pass it has the label "not-ci" too.
#   without  "macos": it needs what only Linux has. "sanitizers": they do not work together with
#            valgrind or with a library that QEMU would inherit.
set(table
  # scenario                       cost slots timeout  CI         without
  "cli/01-cloud-create               1    1     300     both       -"
  "cli/02-bad-input                  3    1     300     both       -"
  "cli/03-image-import               1    1     300     both       -"
  "cli/04-instance-create            1    1     300     both       -"
  "cli/05-instance-remove            1    1     300     both       -"
  "cli/07-download-checksum          1    1     300     both       -"
  "cli/08-image-care                 1    1     300     both       -"
  "cli/16-own-documents              3    1     300     both       -"
  "cli/18-cloud-accounts             2    1     300     both       -"
  "cli/32-hung-supervisor           10    1     300     both       -"
  "cli/38-broken-download           16    1     300     both       -"
  "cli/62-addresses                  3    1     300     both       -"
  "cli/68-cloud-adopt               30    2     300     both       -"
  "cli/86-nuageinit                  2    1     300     both       -"
  "cli/96-seed-limits               38    1     300     both       -"
  "cli/100-fetch-program             6    1     300     normal     -"
  "cli/98-little-space               8    1     300     normal     macos"
  "cli/105-files-given               5    1     300     both       -"
  "cli/106-other-tools               5    1     300     normal     -"
  "cli/107-names-and-addresses       6    1     300     both       -"
  "cli/117-check-on-mac              2    1     300     normal     -"
  "cli/207-backup                   6    1     300     both       -"
  "cli/125-trash                    4    1     300     both       -"
  "cli/161-catalogue-check          7    1     300     normal       -"
  "cli/162-setup                    4    1     300     normal     macos"
  "cli/203-snapshot-disk-full       6    1     300     normal     macos"
  "cli/180-mistakes                  4    1     300     both       -"
  "cli/172-groups-and-variables     8    1     300     normal     -"
  "cli/223-json-actions              4    1     300     normal     -"
  "cli/225-log-times                 3    1     300     normal     -"
  "cli/249-ova                      6    1     300     both       -"
  "cli/252-lab-downloads             6    1     300     normal     -"
  "cli/261-hang                    15    1     300     normal     -"
  "cli/270-parts                   3    1     300     both       -"
  "cli/276-doctor-beside           12    1     120     both       -"
  "cli/285-limits                  3    1     300     normal     -"
  "cli/167-cloud-network            8    1     300     normal     macos"

  "vm/208-live-backup               34    1     300     normal     -"
  "vm/245-suspend                 22    1     300     normal     -"
  "vm/265-files-of-a-start           4    1     120     normal     -"
  "vm/209-backup-disk-full          6    1     300     normal     macos"
  "vm/12-instance-resize             3    1     300     both       -"
  "vm/13-extra-disks                 3    1     300     both       -"
  "vm/14-own-hardware               10    2     300     both       -"
  "vm/15-seed-both                   3    1     300     both       -"
  "vm/24-seed-server                 4    1     300     both       -"
  "vm/25-bad-input-run              43    1     300     both       -"
  "vm/33-keep-awake                 10    1     300     both       -"
  "vm/40-adopt                      15    1     300     both       -"
  "vm/44-without-supervisor         22    1     300     both       -"
  "vm/45-qmp-deadline               33    1     300     both       -"
  "vm/49-events                      4    1     300     both       -"
  "vm/50-launch-failures             6    1     300     both       -"
  "vm/51-qemu-dies                  70    1     300     both       -"
  "vm/54-clients                    13    1     300     both       -"
  "vm/55-fd-limit                    6    1     300     both       -"
  "vm/56-clock                      22    1     300     normal     macos,sanitizers"
  "vm/57-store-damaged               3    1     300     both       -"
  "vm/69-inventory                  12    1     300     both       -"
  "vm/71-dns                        45    1     600     both       macos"
  "vm/72-qemu-stops                 10    1     300     both       -"
  "vm/82-cloud-init-client          15    1     300     both       -"
  "vm/83-boot-progress              12    1     300     both       -"
  "vm/85-ds-identify                12    1     300     both       -"
  "vm/99-logs                       15    1     300     both       -"
  "vm/101-moved-home                5    2     300     normal     -"
  "vm/104-ssh-surroundings           5    1     300     both       -"
  "vm/108-two-homes                 12    1     300     normal     -"
  "vm/116-sleep                      12    1     300     normal     macos,sanitizers"
  "vm/124-background               25    1     300     normal     macos"
  "vm/153-silent-guest              25    1     300     normal     macos,sanitizers"
  "vm/141-fifos                     6    1     300     normal     -"
  "vm/142-other-user                5    1     120     normal     macos"
  "vm/154-socket-restart             5    1     300     normal     -"
  "vm/160-doctor                   13    1     300     normal     macos"
  "vm/173-ssh-by-name              12    1     300     normal     macos"
  "vm/181-looking                   19    1     300     normal     -"
  "vm/168-bridge-rights             6    1     120     normal     macos"
  "vm/169-no-supervisor              8    1     120     normal     -"
  "vm/174-cp                       48    1     300     normal     macos"
  "vm/201-snapshots                36    1     300     normal     -"
  "vm/175-exec                    100    1     300     normal     macos"
  "vm/224-launch-again               8    1     300     normal     -"
  "vm/189-lab-file                 25    1     300     normal     macos"
  "vm/235-order                    12    1     300     normal     -"
  "vm/241-descriptors               20    1     120     normal     -"
  "vm/274-narrow-terminal           12    1     120     normal     -"
  "vm/275-stop-first                12    1     120     both       -"
  "vm/267-never-behind               4    1     120     normal     -"
  "vm/279-adopt-asks                 8    1     120     normal     -"

  "guest/06-image-catalogue          8    1     300     normal     -"
  "guest/09-nics                     7    1     300     normal     -"
  "guest/10-instance-reset          13    2     300     normal     -"
  "guest/11-instance-changes        38    2     300     normal     -"
  "guest/17-rerun-cloud-init        45    2     300     normal     -"
  "guest/19-host-keys               21    2     300     normal     -"
  "guest/20-start-stop              12    2     300     both       -"
  "guest/21-vm-sh                   22    2     300     normal     -"
  "guest/22-kill-supervisor         20    2     300     normal     -"
  "guest/23-stop-rungs              53    1     300     normal     -"
  "guest/26-edited-seed             31    2     300     normal     -"
  "guest/27-drive-seed              20    2     300     normal     -"
  "guest/28-two-at-once              5    2     300     normal     -"
  "guest/29-accounts                 8    2     300     normal     -"
  "guest/31-terminal                19    2     300     normal     -"
  "guest/35-sudo                     8    2     300     normal     -"
  "guest/41-states-and-history       7    2     300     normal     -"
  "guest/42-lifecycle-commands      20    2     300     normal     -"
  "guest/43-restart-policy          35    2     300     normal     -"
  "guest/46-boot-phases             30    1     300     normal     -"
  "guest/47-guest-panic             10    1     300     normal     -"
  "guest/48-disk-full               65    1     300     normal     -"
  "guest/52-guest-reboots           30    2     300     normal     -"
  "guest/53-store-locked            50    1     300     normal     -"
  "guest/58-guest-watchdog          10    1     300     normal     -"
  "guest/59-overlaps                110   1     300     normal     -"
  "guest/63-neighbours              40    1     300     normal     macos"
  "guest/64-vmnet-helper            46    2     300     normal     macos"
  "guest/65-forwards                20    2     300     normal     -"
  "guest/66-networks                50    2     300     normal     macos"
  "guest/67-several-cards           25    2     300     normal     macos"
  "guest/80-provision               15    2     300     both       -"
  "guest/81-no-password             20    2     300     normal     -"
  "guest/84-guest-agent            100    1     300     normal     macos"
  "guest/87-sudo-bridge              8    2     120     normal     -"
  "guest/88-sudo-attacks            15    2     120     normal     -"
  "guest/97-floods                  45    2     300     normal     -"
  "guest/122-boot-line              40    2     300     normal     -"
  "guest/123-console                35    2     300     normal     macos"
  "guest/140-sudo-detach             8    2     120     normal     -"
  "guest/152-wake                   25    2     300     normal     macos,sanitizers"
  "guest/166-launch                 30    2     300     normal     -"
  "guest/188-networks              40    2     300     normal     macos"
  "guest/200-documented             40    2     400     normal     -"
  "guest/213-way-out                15    2     300     normal     macos"
  "guest/254-pair                   25    2     300     normal     macos"

  "real/30-real-guest@bookworm-arm64 220  2    2400     normal     -"
  "real/30-real-guest@sid-amd64    190    2    2400     normal     macos"
  "real/30-real-guest@trixie-arm64 260    2    2400     normal     macos"
  "real/34-real-seeds              165    2    2400     normal     -"
  "real/210-live-backup            170    2    2400     none       -"
  "real/214-real-way-out           150    2    2400     none       macos"
  "real/229-quorum                 240    3    3600     none       macos"
  "real/253-quorum-later           480    3    3600     none       macos"

  "fault/60-chaos                   70    1     900     both       -"
  "fault/61-countdown              230    1     900     sanitized  macos"
  "fault/202-snapshot-kill          20    1     600     normal     macos"
  "fault/248-backup-kill            12    1     600     normal     macos"
  "fault/246-suspend-kill           10    1     600     normal     macos"
  "fault/70-valgrind                 6    2     300     normal     sanitizers"
  "fault/236-lab-faults             12    1     300     normal     macos,sanitizers")

if(PGSUP_SANITIZE)
  set(pass sanitized)
else()
  set(pass normal)
endif()
set(environment "PGSUP=$<TARGET_FILE:pgsup>" "PGSUP_FAKE_QEMU=$<TARGET_FILE:fake-qemu>")
if(NOT APPLE)
  # Preloaded into the supervisor by 61-countdown: fault/fault*.c. The program has the sanitizers.
  add_library(fault MODULE fault/fault.c fault/fault_system.c fault/fault_uv.c fault/fault_sqlite.c)
  target_compile_options(fault PRIVATE -fno-sanitize=all -U_FORTIFY_SOURCE)
  target_link_options(fault PRIVATE -fno-sanitize=all)
  target_link_libraries(fault PRIVATE PkgConfig::UV PkgConfig::SQLITE ${CMAKE_DL_LIBS})
  # Preloaded by 56-clock: fault/wall_clock.c.
  add_library(wall_clock MODULE fault/wall_clock.c)
  target_compile_options(wall_clock PRIVATE -fno-sanitize=all -U_FORTIFY_SOURCE)
  target_link_options(wall_clock PRIVATE -fno-sanitize=all)
  # Preloaded by 153-silent-guest: fault/denied.c.
  add_library(denied MODULE fault/denied.c)
  target_compile_options(denied PRIVATE -fno-sanitize=all -U_FORTIFY_SOURCE)
  list(APPEND environment "PGSUP_FAULT=$<TARGET_FILE:fault>" "PGSUP_WALL_CLOCK=$<TARGET_FILE:wall_clock>"
    "PGSUP_DENIED=$<TARGET_FILE:denied>")
endif()

# The table and the folders have the same scenarios.
file(GLOB scripts CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/scenarios
  ${CMAKE_CURRENT_SOURCE_DIR}/scenarios/*/[0-9][0-9]*-*.sh)
list(TRANSFORM scripts REPLACE "\\.sh$" "")
list(TRANSFORM table REPLACE "[@ ].*" "" OUTPUT_VARIABLE rows)
list(REMOVE_DUPLICATES rows)
set(without_row ${scripts})
list(REMOVE_ITEM without_row ${rows})
list(REMOVE_ITEM rows ${scripts})
if(NOT "${without_row}${rows}" STREQUAL "")
  message(FATAL_ERROR "tests/scenarios.cmake: in a folder and not in the table: \"${without_row}\"; "
    "in the table and not in a folder: \"${rows}\"")
endif()

foreach(row ${table})
  separate_arguments(row UNIX_COMMAND "${row}")
  list(POP_FRONT row script cost slots timeout ci without)
  if((APPLE AND without MATCHES macos) OR (PGSUP_SANITIZE AND without MATCHES sanitizers))
    continue()
  endif()
  set(guest)
  if(script MATCHES "(.*)@(.*)")
    set(script ${CMAKE_MATCH_1})
    set(guest ${CMAKE_MATCH_2})
  endif()
  get_filename_component(labels ${script} DIRECTORY)
  get_filename_component(name ${script} NAME)
  string(JOIN "-" name ${name} ${guest})
  if(NOT ci MATCHES "^(both|${pass})$")
    list(APPEND labels not-ci)
  endif()
  math(EXPR command_limit "${cost} * 10")
  if(command_limit LESS timeout)
    set(command_limit ${timeout})
  endif()
  math(EXPR command_limit "${command_limit} + 60")
  math(EXPR cost "${slots} * 1000 + ${cost}")
  math(EXPR timeout "${timeout} * 3")
  math(EXPR scenario_limit "${timeout} - 45")
  add_test(NAME scenario.${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/scenarios/${script}.sh)
  set_tests_properties(scenario.${name} PROPERTIES LABELS "${labels}" COST ${cost} PROCESSORS ${slots}
    TIMEOUT ${timeout} SKIP_RETURN_CODE 77 ENVIRONMENT
    "${environment};PGSUP_GUEST=${guest};PGSUP_COMMAND_LIMIT=${command_limit};PGSUP_SCENARIO_LIMIT=${scenario_limit}")
endforeach()
