pgsup_test(protocol SOURCES unit/test_protocol.c USES control)
