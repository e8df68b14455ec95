pgsup_test(home SOURCES unit/test_home.c USES home)
pgsup_test(cloud SOURCES unit/test_cloud.c USES home)
