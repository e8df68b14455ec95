/* Stores of every older version become what a new store is, with all that they held and a backup
 * beside them; or they stay as they were.
 *
 * golden/store/vN.sql is a dump of version N, made when N was the newest; golden/store/schema.sql
 * is the schema of today. A new step takes a dump of the version before it first. */
#include "golden.h"
#include "store/event_table.h"
#include "store/generated_table.h"
#include "store/guest_table.h"
#include "store/launch_table.h"
#include "store/migrations.h"
#include "store_samples.h"

#include <signal.h>
#include <sqlite3.h>

static void execute(const char *path, const char *sql) {
    sqlite3 *database = NULL;
    CHECK_INT(sqlite3_open(path, &database), SQLITE_OK);
    CHECK_INT(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

/* The rows of a query, one per line, columns apart by "|". */
static void ask(const char *path, const char *sql, struct buffer *text) {
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    CHECK_INT(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    while (statement && sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *column = (const char *)sqlite3_column_text(statement, i);
            buffer_printf(text, "%s%s", i ? "|" : "", column ? column : "NULL");
        }
        buffer_putc(text, '\n');
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
}

static void check_answer(const char *path, const char *sql, const char *expected) {
    scoped(buffer_done) struct buffer text = {0};
    ask(path, sql, &text);
    CHECK_STRING(text.data, expected);
}

static void schema_of(const char *path, struct buffer *text) {
    ask(path, "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name", text);
}

/* Makes scratch/NAME from the dump of a version; caller frees the path. */
static char *old_store(const char *name, int version) {
    char *path = scratch_path(name);
    scoped(alloc_release) char *dump = alloc_printf("golden/store/v%d.sql", version);
    scoped(buffer_done) struct buffer sql = {0};
    OK(file_read(dump, GOLDEN_LIMIT_BYTES, &sql, &error));
    execute(path, sql.data ? sql.data : "");
    return path;
}

static const char *const tables[] = {"cloud",    "network", "images",   "instances",
                                     "launches", "guests",  "generated"};
enum { TABLES = sizeof tables / sizeof *tables };

/* What the tables held, asked for by the names of the columns that they had then: a column that a
 * later version added is not looked at. */
static void name_columns(const char *path, char *columns[TABLES]) {
    for (size_t i = 0; i < TABLES; i++) {
        struct buffer names = {0};
        scoped(alloc_release) char *query =
            alloc_printf("SELECT group_concat(name, ', ') FROM pragma_table_info('%s')", tables[i]);
        ask(path, query, &names);
        columns[i] = buffer_take(&names);
    }
}
static void free_columns(char *columns[TABLES]) {
    for (size_t i = 0; i < TABLES; i++)
        alloc_release(&columns[i]);
}
static void every_table(const char *path, char *const columns[TABLES], struct buffer *text) {
    for (size_t i = 0; i < TABLES; i++) {
        scoped(alloc_release) char *query =
            alloc_printf("SELECT %s FROM %s", columns[i], tables[i]);
        ask(path, query, text);
    }
    ask(path, "PRAGMA foreign_key_check", text);
}

TEST(the_schema_is_the_recorded_one) {
    scoped(alloc_release) char *path = scratch_path("new");
    scoped(buffer_done) struct buffer schema = {0};
    store_close(new_store("new"));
    schema_of(path, &schema);
    golden_check("golden/store/schema.sql", &schema);
}

/* A dump of version 1 must stay readable for as long as its schema is what step 1 made. */
TEST(every_older_version_becomes_the_newest) {
    scoped(buffer_done) struct buffer wanted = {0};
    OK(file_read("golden/store/schema.sql", GOLDEN_LIMIT_BYTES, &wanted, &error));
    CHECK(migrations_version() > 1);
    for (int version = 1; version < migrations_version(); version++) {
        scoped(alloc_release) char *name = alloc_printf("older-%d", version);
        scoped(alloc_release) char *path = old_store(name, version);
        scoped(buffer_done) struct buffer before = {0}, after = {0}, schema = {0};
        char *columns[TABLES];
        name_columns(path, columns);
        every_table(path, columns, &before);
        CHECK(before.length > 500);
        struct store *store = NULL;
        OK(store_open(path, STORE_OPEN, &store, &error));
        store_close(store);
        every_table(path, columns, &after);
        free_columns(columns);
        CHECK_STRING(after.data, before.data);
        schema_of(path, &schema);
        CHECK_STRING(schema.data, wanted.data);
        scoped(alloc_release) char *answer = alloc_printf("%d\n", migrations_version());
        check_answer(path, "PRAGMA user_version", answer);
    }
}

TEST(a_guest_phoned_home_as_what_pgsup_had_called_it) {
    scoped(alloc_release) char *path = old_store("guests", 2);
    struct store *store = NULL;
    struct store_guest guest = {0};
    OK(store_open(path, STORE_OPEN, &store, &error));
    OK(guest_table_get(store, 4, &guest, &error));
    CHECK_STRING(guest.instance_id, "i-4-first");
    CHECK_STRING(guest.hostname, "first");
    store_guest_done(&guest);
    store_close(store);
}

TEST(events_are_counted_by_their_kind) {
    scoped(alloc_release) char *path = old_store("kinds", 6);
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
    check_answer(path, "SELECT instance, kind, seq FROM events ORDER BY id",
                 "4|phone-home|1\n"
                 "NULL|seed|1\n"
                 "4|cloud-init|1\n"
                 "4|cloud-init|2\n"
                 "4|cloud-init|3\n"
                 "4|cloud-init|4\n"
                 "4|qmp|1\n");
}

/* What the sentences said before there were columns for it. */
TEST(reports_of_cloud_init_are_read_from_their_sentences_once) {
    scoped(alloc_release) char *path = old_store("reports", 5);
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
    check_answer(path, "SELECT kind, stage, module, result FROM events ORDER BY id",
                 "phone-home|NULL|NULL|NULL\n"
                 "seed|NULL|NULL|NULL\n"
                 "cloud-init|modules-config|NULL|began\n"
                 "cloud-init|modules-config|locale|failed\n"
                 "cloud-init|modules-config|NULL|failed\n"
                 "cloud-init|modules-final|NULL|ended\n"
                 "qmp|NULL|NULL|NULL\n");
}

TEST(a_migrated_store_is_used_as_before) {
    scoped(alloc_release) char *path = old_store("used", 1);
    struct store *store = NULL;
    struct store_instance instance = {0};
    struct store_launch launch = {0};
    int64_t id = 0;
    OK(store_open(path, STORE_OPEN, &store, &error));
    OK(instance_table_get(store, "second", &instance, &error));
    CHECK_STRING(instance.after, "first");
    CHECK_STRING(instance.image, "debian-12");
    OK(instance_table_next_id(store, &id, &error));
    CHECK_INT(id, 7); /* 6 was given before */
    OK(launch_table_last(store, instance.id, &launch, &error));
    CHECK_STRING(launch.end_text, "QEMU: no such disk");
    OK(event_table_add(
        store,
        &(struct store_event){
            .instance = instance.id, .at_ms = 1, .kind = STORE_EVENT_STATE, .text = "stopped"},
        &error));
    OK(instance_table_remove(store, instance.id, &error));
    store_instance_done(&instance);
    store_launch_done(&launch);
    store_close(store);
}

TEST(the_backup_is_the_store_of_before) {
    scoped(alloc_release) char *path = old_store("backed-up", 1);
    scoped(alloc_release) char *backup = scratch_path("backed-up.backup-v1");
    scoped(buffer_done) struct buffer before = {0}, after = {0}, before_schema = {0}, schema = {0};
    char *columns[TABLES];
    name_columns(path, columns);
    every_table(path, columns, &before);
    schema_of(path, &before_schema);
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
    every_table(backup, columns, &after);
    free_columns(columns);
    schema_of(backup, &schema);
    CHECK_STRING(after.data, before.data);
    CHECK_STRING(schema.data, before_schema.data);
    check_answer(backup, "PRAGMA user_version", "1\n");
    check_answer(backup, "PRAGMA quick_check", "ok\n");
    struct stat status = {0};
    CHECK(stat(backup, &status) == 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    /* and it can be put in its place */
    CHECK(rename(backup, path) == 0);
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
}

TEST(a_new_store_and_one_of_today_need_no_backup) {
    scoped(alloc_release) char *path = scratch_path("today");
    store_close(new_store("today"));
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
    for (int version = 0; version <= migrations_version(); version++) {
        scoped(alloc_release) char *backup = alloc_printf("%s.backup-v%d", path, version);
        CHECK(!file_exists(backup));
    }
}

/* Without a backup nothing is changed. */
TEST(no_backup_no_migration) {
    scoped(alloc_release) char *path = old_store("no-backup", 1);
    scoped(alloc_release) char *inside = scratch_path("no-backup.backup-v1/x");
    scoped(alloc_release) char *folder = scratch_path("no-backup.backup-v1");
    scoped(alloc_release) char *left = scratch_path("no-backup.backup-v1.new");
    OK(file_make_directory(inside, 0700, &error));
    struct store *store = NULL;
    FAILS(store_open(path, STORE_OPEN, &store, &error), ERROR_FAILED, "cannot write the backup");
    FAILS(store_open(path, STORE_OPEN, &store, &error), ERROR_FAILED, "to version 9: ");
    check_answer(path, "PRAGMA user_version", "1\n");
    CHECK(!file_exists(left));
    OK(file_remove_tree(folder, &error));
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
}

/* A step that fails half-way leaves the version of before: here a table is in its way. */
TEST(a_step_that_fails_changes_nothing) {
    scoped(alloc_release) char *path = old_store("in-the-way", 1);
    execute(path, "CREATE VIEW events_seq AS SELECT 1");
    scoped(buffer_done) struct buffer before = {0}, after = {0};
    schema_of(path, &before);
    struct store *store = NULL;
    FAILS(store_open(path, STORE_OPEN, &store, &error), ERROR_FAILED,
          "cannot migrate the store to");
    schema_of(path, &after);
    CHECK_STRING(after.data, before.data);
    check_answer(path, "PRAGMA user_version", "1\n");
}

/* quick_check sees what opening does not. */
TEST(a_damaged_old_store_is_not_migrated) {
    scoped(alloc_release) char *path = old_store("damaged", 1);
    execute(path, "PRAGMA writable_schema = ON;"
                  "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master"
                  " WHERE name = 'images') WHERE name = 'guests'");
    struct store *store = NULL;
    FAILS(store_open(path, STORE_OPEN, &store, &error), ERROR_FAILED, "is damaged (");
    check_answer(path, "PRAGMA user_version", "1\n");
}

static void open_in_child(const char *path, int gate) {
    char go;
    struct store *store = NULL;
    struct error error = {0};
    bool good = read(gate, &go, 1) >= 0 && store_open(path, STORE_OPEN, &store, &error);
    if (!good)
        fprintf(stderr, "%s\n", error.text);
    store_close(store);
    _exit(good ? 0 : 1);
}

/* Four programs find the old store at the same moment: one migrates it, all can use it. */
TEST(several_that_migrate_at_once) {
    enum { PROCESSES = 4, ROUNDS = 10 };
    for (int round = 0; round < ROUNDS; round++) {
        scoped(alloc_release) char *name = alloc_printf("at-once-%d", round);
        scoped(alloc_release) char *path = old_store(name, 1);
        int gate[2];
        if (pipe(gate) < 0)
            abort();
        pid_t pids[PROCESSES];
        for (int i = 0; i < PROCESSES; i++) {
            pids[i] = fork();
            if (pids[i] == 0) {
                close(gate[1]);
                open_in_child(path, gate[0]);
            }
        }
        close(gate[0]);
        close(gate[1]); /* end of file is the signal */
        for (int i = 0; i < PROCESSES; i++) {
            int status = -1;
            CHECK(waitpid(pids[i], &status, 0) == pids[i]);
            CHECK_INT(status, 0);
        }
        check_answer(path, "PRAGMA quick_check", "ok\n");
    }
}

int main(void) {
    return test_run();
}
