pgsup_test(store SOURCES unit/test_store.c USES store)
pgsup_test(store_tables SOURCES unit/test_store_tables.c USES store)
pgsup_test(store_migrations SOURCES unit/test_store_migrations.c USES store)
