pgsup_test(home SOURCES unit/test_home.c USES home)
pgsup_test(cloud SOURCES unit/test_cloud.c USES home)
pgsup_test(instance SOURCES unit/test_instance.c USES home)
pgsup_test(instance_plan SOURCES unit/test_instance_plan.c USES home)
