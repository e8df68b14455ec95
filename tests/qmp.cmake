pgsup_test(qmp SOURCES unit/test_qmp.c USES qmp)
pgsup_test(qmp_transcripts SOURCES unit/test_qmp_transcripts.c USES qmp)

add_executable(fake-qemu fake/fake_qemu.c fake/fake_options.c fake/fake_faults.c fake/fake_machine.c)
target_link_libraries(fake-qemu PRIVATE base PkgConfig::JANSSON)
