pgsup_test(qmp SOURCES unit/test_qmp.c USES qmp)
pgsup_test(qmp_transcripts SOURCES unit/test_qmp_transcripts.c USES qmp)
