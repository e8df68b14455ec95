pgsup_test(lifecycle SOURCES unit/test_lifecycle.c USES machine_core)
pgsup_test(vm_report SOURCES unit/test_vm_report.c USES machine)
