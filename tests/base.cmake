pgsup_test(base SOURCES unit/test_base.c USES base)
