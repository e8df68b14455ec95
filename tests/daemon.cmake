pgsup_test(policy SOURCES unit/test_policy.c USES daemon)
