pgsup_test(qmp SOURCES unit/test_qmp.c USES qmp)
pgsup_test(qmp_transcripts SOURCES unit/test_qmp_transcripts.c USES qmp)

# Stands in for QEMU and misbehaves on request: fake/fake_faults.h.
add_executable(fake-qemu fake/fake_qemu.c fake/fake_options.c fake/fake_faults.c fake/fake_machine.c)
target_link_libraries(fake-qemu PRIVATE base PkgConfig::JANSSON)

pgsup_test(fake_qemu SOURCES unit/test_fake_qemu.c USES qmp)
target_compile_definitions(test_fake_qemu PRIVATE FAKE_QEMU_PROGRAM="$<TARGET_FILE:fake-qemu>")
add_dependencies(test_fake_qemu fake-qemu)

# Built with the rest so that it stays buildable, run by hand.
add_executable(bench_qmp bench/bench_qmp.c)
target_link_libraries(bench_qmp PRIVATE qmp)
