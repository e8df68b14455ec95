pgsup_test(qmp_transcripts SOURCES unit/test_qmp_transcripts.c USES qmp)
