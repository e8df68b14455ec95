/* The file of a store: what is refused and stays unchanged, who can read it, how writers wait for
 * each other. What is in the tables: test_store_tables.c; older versions: test_store_migrations.c.
 */
#include "base/clock.h"
#include "store/event_table.h"
#include "store/migrations.h"
#include "store/query.h"
#include "store/transaction.h"
#include "store_samples.h"

#include <signal.h>
#include <sys/resource.h>

#define FILE_LIMIT_BYTES (64u << 20)
#define NOBODY           65534

/* --- what is not a store of ours stays as it is --- */

static void contents(const char *path, struct buffer *bytes) {
    buffer_clear(bytes);
    OK(file_read(path, FILE_LIMIT_BYTES, bytes, &error));
}

/* SQLite makes an empty -wal and a -shm to look at a database in WAL mode: they hold nothing. */
static void check_nothing_beside(const char *path) {
    static const char *const suffixes[] = {"-wal", "-journal", ".backup-v0", ".backup-v1"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        struct stat status = {0};
        scoped(alloc_release) char *other = alloc_printf("%s%s", path, suffixes[i]);
        CHECK(stat(other, &status) < 0 || (i == 0 && status.st_size == 0));
    }
}

/* Refused, in both modes, with this sentence; the file is the same and nothing lies beside it. */
static void check_refused(const char *path, enum error_code code, const char *sentence) {
    scoped(buffer_done) struct buffer before = {0}, after = {0};
    contents(path, &before);
    struct store *store = NULL;
    FAILS(store_open(path, STORE_OPEN, &store, &error), code, sentence);
    FAILS(store_open(path, STORE_CREATE, &store, &error), code, sentence);
    FAILS(store_open(path, STORE_OPEN, &store, &error), code, path);
    CHECK(!store);
    contents(path, &after);
    CHECK(before.length == after.length && memcmp(before.data, after.data, before.length) == 0);
    check_nothing_beside(path);
}

static void execute(const char *path, const char *sql) {
    sqlite3 *database = NULL;
    CHECK_INT(sqlite3_open(path, &database), SQLITE_OK);
    CHECK_INT(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

/* Closed, so that all of it is in the one file; caller frees. */
static char *filled_store(const char *name) {
    struct store *store = new_store(name);
    add_image(store);
    for (int i = 0; i < 200; i++)
        OK(event_table_add(store,
                           &(struct store_event){.at_ms = i,
                                                 .kind = STORE_EVENT_STATE,
                                                 .text = "a text of some length to fill pages"},
                           &error));
    OK(cloud_table_put(store, &full_cloud, &error));
    store_close(store);
    return scratch_path(name);
}

TEST(a_newer_version_is_refused) {
    scoped(alloc_release) char *path = filled_store("newer");
    scoped(alloc_release) char *sql =
        alloc_printf("PRAGMA user_version = %d", migrations_version() + 1);
    execute(path, sql);
    check_refused(path, ERROR_WRONG_STATE, "newer pgsup");
    execute(path, "PRAGMA user_version = 2147483647");
    check_refused(path, ERROR_WRONG_STATE, "version 2147483647");
}

TEST(databases_of_other_programs_are_refused) {
    scoped(alloc_release) char *plain = scratch_path("plain"), *marked = scratch_path("marked");
    execute(plain, "CREATE TABLE t (a)");
    check_refused(plain, ERROR_FAILED, "another program");
    execute(marked, "CREATE TABLE t (a); PRAGMA user_version = 1; PRAGMA application_id = 7");
    check_refused(marked, ERROR_FAILED, "another program");
}

TEST(files_that_are_no_database_are_refused) {
    static const char old[] =
        "SQLite format 2, and more than a hundred bytes, so that it is not the "
        "length of the header that is missing but its right first bytes";
    const char *const texts[] = {"hello, this is not a database", "SQLite format 3", old};
    scoped(alloc_release) char *path = scratch_path("garbage");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scratch_write(path, texts[i], strlen(texts[i]), 0600);
        check_refused(path, ERROR_FAILED, "is damaged");
    }
    char noise[8192];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * 7 + i / 256);
    scratch_write(path, noise, sizeof noise, 0600);
    check_refused(path, ERROR_FAILED, "is damaged");
}

TEST(a_truncated_store_is_refused) {
    scoped(alloc_release) char *path = filled_store("truncated");
    scoped(buffer_done) struct buffer whole = {0};
    contents(path, &whole);
    CHECK(whole.length > 16384);
    const size_t lengths[] = {16, 99, 100, 512, 4096, 8192, whole.length - 4096};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        scratch_write(path, whole.data, lengths[i], 0600);
        check_refused(path, ERROR_FAILED, "is damaged");
    }
    scratch_write(path, whole.data, whole.length, 0600);
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
}

enum { PAGE_BYTES = 4096 };

static size_t root_page(const char *path, const char *table) {
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    CHECK_INT(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(database, "SELECT rootpage FROM sqlite_master WHERE name = ?1", -1,
                                 &statement, NULL),
              SQLITE_OK);
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    CHECK_INT(sqlite3_step(statement), SQLITE_ROW);
    size_t page = (size_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return page;
}

/* Damage inside is found when the damaged page is read; it is said, never trusted. */
TEST(a_store_damaged_inside_says_so) {
    scoped(alloc_release) char *path = filled_store("damaged");
    scoped(buffer_done) struct buffer bytes = {0};
    contents(path, &bytes);
    size_t page = root_page(path, "cloud");
    CHECK(page > 1 && page * PAGE_BYTES <= bytes.length);
    memset(bytes.data + (page - 1) * PAGE_BYTES, 0xA5, PAGE_BYTES);
    scratch_write(path, bytes.data, bytes.length, 0600);
    struct store *store = NULL;
    struct store_cloud cloud = {0};
    OK(store_open(path, STORE_OPEN, &store, &error));
    FAILS(cloud_table_get(store, &cloud, &error), ERROR_FAILED, "put a backup of it in its place");
    FAILS(cloud_table_put(store, &bare_cloud, &error), ERROR_FAILED, "is damaged");
    store_close(store);
}

/* --- making and opening --- */

TEST(what_is_not_there_is_not_made_by_opening) {
    scoped(alloc_release) char *path = scratch_path("absent");
    scoped(alloc_release) char *deep = scratch_path("no/such/folder");
    struct store *store = NULL;
    FAILS(store_open(path, STORE_OPEN, &store, &error), ERROR_NOT_FOUND, "absent");
    CHECK(!file_exists(path));
    FAILS(store_open(deep, STORE_OPEN, &store, &error), ERROR_NOT_FOUND, "no/such/folder");
    FAILS(store_open(deep, STORE_CREATE, &store, &error), ERROR_FAILED, "cannot create ");
}

TEST(a_folder_is_no_store) {
    struct store *store = NULL;
    FAILS(store_open(scratch(), STORE_OPEN, &store, &error), ERROR_FAILED, scratch());
    FAILS(store_open(scratch(), STORE_CREATE, &store, &error), ERROR_FAILED, scratch());
}

TEST(a_home_is_made_once) {
    scoped(alloc_release) char *path = scratch_path("once");
    struct store *store = new_store("once");
    store_close(store);
    OK(store_open(path, STORE_CREATE, &store, &error)); /* it holds no cloud yet */
    OK(cloud_table_put(store, &full_cloud, &error));
    store_close(store);
    FAILS(store_open(path, STORE_CREATE, &store, &error), ERROR_EXISTS, "holds a cloud already");
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
    store_close(NULL);
}

/* Made through a link, it would lie where somebody else wants it. */
TEST(a_link_to_nowhere_is_not_followed_when_making) {
    scoped(alloc_release) char *path = scratch_path("link"), *target = scratch_path("target");
    CHECK(symlink(target, path) == 0);
    struct store *store = NULL;
    struct error error = {0};
    CHECK(!store_open(path, STORE_CREATE, &store, &error));
    CHECK(error.text[0] != 0);
    CHECK(!file_exists(target));
}

static void check_mode(const char *path, const char *suffix) {
    struct stat status = {0};
    scoped(alloc_release) char *file = alloc_printf("%s%s", path, suffix);
    CHECK(stat(file, &status) == 0);
    CHECK_INT(status.st_mode & 07777, 0600);
}

TEST(only_the_owner_reads_it_whatever_the_umask) {
    static const mode_t masks[] = {0, 022, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        scoped(alloc_release) char *name = alloc_printf("umask-%zu", i);
        scoped(alloc_release) char *path = scratch_path(name);
        mode_t old = umask(masks[i]);
        struct store *store = new_store(name);
        OK(cloud_table_put(store, &full_cloud, &error));
        umask(old);
        check_mode(path, "");
        check_mode(path, "-wal");
        check_mode(path, "-shm");
        store_close(store);
    }
}

/* --- where nothing can be written --- */

/* Runs the check as somebody whom modes bind. */
static void as_nobody(void check(const char *path), const char *path) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        test_failures = 0;
        if (geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
            _exit(2);
        check(path);
        fflush(stderr);
        _exit(test_failures ? 1 : 0);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

static void check_not_written(const char *path) {
    struct store *store = NULL;
    FAILS(store_open(path, STORE_OPEN, &store, &error), ERROR_WRONG_STATE, "cannot be written");
    FAILS(store_open(path, STORE_OPEN, &store, &error), ERROR_WRONG_STATE, "check who owns it");
}

static void check_not_opened(const char *path) {
    struct store *store = NULL;
    FAILS(store_open(path, STORE_OPEN, &store, &error), ERROR_WRONG_STATE, "cannot open");
}

static void check_not_made(const char *path) {
    struct store *store = NULL;
    FAILS(store_open(path, STORE_CREATE, &store, &error), ERROR_WRONG_STATE, "cannot create");
}

TEST(modes_are_obeyed) {
    scoped(alloc_release) char *folder = scratch_path("folder");
    scoped(alloc_release) char *path = scratch_path("folder/store"),
                               *other = scratch_path("folder/other");
    OK(file_make_directory(folder, 0777, &error));
    store_close(new_store("folder/store"));
    CHECK(chmod(scratch(), 0755) == 0);
    CHECK(chmod(path, 0444) == 0);
    as_nobody(check_not_written, path);
    CHECK(chmod(path, 0666) == 0);
    CHECK(chmod(folder, 0555) == 0);
    as_nobody(check_not_written, path);
    as_nobody(check_not_made, other);
    CHECK(chmod(folder, 0600) == 0);
    as_nobody(check_not_opened, path);
    CHECK(chmod(folder, 0700) == 0);
}

/* The same as a full disk, as SQLite sees it. */
TEST(a_full_disk_changes_nothing) {
    scoped(alloc_release) char *path = filled_store("full");
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    sqlite3_exec(store->database, "PRAGMA max_page_count = 1", NULL, NULL, NULL); /* as it is now */
    struct error full = {0};
    OK(store_begin(store, &error));
    for (int i = 0; i < 10000 && full.code == ERROR_NONE; i++)
        event_table_add(
            store, &(struct store_event){.at_ms = i, .kind = STORE_EVENT_STATE, .text = "one more"},
            &full);
    CHECK_CONTAINS(full.text, "is full: free some space");
    store_rollback(store);
    store_rollback(store); /* harmless */
    struct store_events events = {0};
    OK(event_table_list(store, &(struct event_query){.limit = 10000}, &events, &error));
    CHECK_INT(events.count, 200);
    store_events_done(&events);
    store_close(store);
}

/* A write that the kernel refuses. */
static void check_refused_write(const char *path) {
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0}) == 0);
    FAILS(event_table_add(
              store,
              &(struct store_event){.at_ms = 1, .kind = STORE_EVENT_STATE, .text = "one more"},
              &error),
          ERROR_FAILED, path);
    store_close(store);
}

TEST(a_write_that_the_kernel_refuses_is_said) {
    scoped(alloc_release) char *path = filled_store("refused");
    pid_t pid = fork();
    if (pid == 0) {
        test_failures = 0;
        check_refused_write(path);
        _exit(test_failures ? 1 : 0);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
}

/* --- transactions --- */

static size_t count_events(struct store *store) {
    struct store_events events = {0};
    OK(event_table_list(store, &(struct event_query){.limit = 100000}, &events, &error));
    size_t count = events.count;
    store_events_done(&events);
    return count;
}

TEST(a_transaction_is_all_or_nothing) {
    scoped(alloc_release) char *path = scratch_path("transaction");
    struct store *store = new_store("transaction"), *other = NULL;
    OK(store_open(path, STORE_OPEN, &other, &error));
    OK(store_begin(store, &error));
    OK(event_table_add(
        store, &(struct store_event){.at_ms = 1, .kind = STORE_EVENT_STATE, .text = "a"}, &error));
    CHECK_INT(count_events(store), 1);
    CHECK_INT(count_events(other), 0);
    store_rollback(store);
    CHECK_INT(count_events(store), 0);
    OK(store_begin(store, &error));
    FAILS(store_begin(store, &error), ERROR_FAILED, "transaction"); /* they do not nest */
    OK(event_table_add(
        store, &(struct store_event){.at_ms = 1, .kind = STORE_EVENT_STATE, .text = "b"}, &error));
    OK(store_commit(store, &error));
    CHECK_INT(count_events(other), 1);
    OK(store_begin(store, &error));
    OK(event_table_add(
        store, &(struct store_event){.at_ms = 1, .kind = STORE_EVENT_STATE, .text = "c"}, &error));
    CHECK(!store_end(store, false, NULL)); /* something else failed */
    CHECK_INT(count_events(store), 1);
    OK(store_begin(store, &error));
    OK(store_end(store, true, &error));
    FAILS(store_end(store, true, &error), ERROR_FAILED, "transaction"); /* none is open */
    OK(store_begin(store, &error));
    OK(event_table_add(
        store, &(struct store_event){.at_ms = 1, .kind = STORE_EVENT_STATE, .text = "d"}, &error));
    store_close(store); /* without a commit */
    CHECK_INT(count_events(other), 1);
    store_close(other);
}

TEST(several_programs_write_at_once) {
    enum { PROCESSES = 3, EVENTS = 200 };
    scoped(alloc_release) char *path = scratch_path("several");
    store_close(new_store("several"));
    pid_t pids[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        struct store *mine = NULL;
        struct error error = {0};
        bool good = store_open(path, STORE_OPEN, &mine, &error);
        for (int count = 0; good && count < EVENTS; count++)
            good = event_table_add(
                mine,
                &(struct store_event){.at_ms = count, .kind = STORE_EVENT_STATE, .text = "text"},
                &error);
        fprintf(stderr, "%s", error.text);
        store_close(mine);
        _exit(good ? 0 : 1);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        CHECK(waitpid(pids[i], &status, 0) == pids[i]);
        CHECK_INT(status, 0);
    }
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    CHECK_INT(count_events(store), PROCESSES * EVENTS);
    store_close(store);
}

/* Holds the write lock until it is told to let go; ready is written to when it has it. */
static void hold(const char *path, int go, int ready) {
    struct store *store = NULL;
    struct error error = {0};
    char byte = 'r';
    bool good = store_open(path, STORE_OPEN, &store, &error) && store_begin(store, &error) &&
                write(ready, &byte, 1) == 1 && read(go, &byte, 1) >= 0;
    store_rollback(store);
    store_close(store);
    _exit(good ? 0 : 1);
}

/* This is the one test that waits, for as long as a person would have to. */
TEST(a_writer_waits_for_another_and_then_says_so) {
    scoped(alloc_release) char *path = filled_store("busy");
    int go[2], ready[2], status = -1;
    char byte;
    struct store *store = NULL;
    if (pipe(go) < 0 || pipe(ready) < 0)
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        close(go[1]);
        hold(path, go[0], ready[1]);
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    OK(store_open(path, STORE_OPEN, &store, &error));
    CHECK_INT(count_events(store), 200); /* readers do not wait */
    uint64_t before_ms = clock_monotonic_ms();
    FAILS(store_begin(store, &error), ERROR_FAILED, "in use by another process (waited 5 s)");
    CHECK(clock_monotonic_ms() - before_ms >= STORE_BUSY_TIMEOUT_MS - 500);
    close(go[1]);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    OK(store_begin(store, &error)); /* and now there is nobody to wait for */
    store_rollback(store);
    store_close(store);
    close(go[0]), close(ready[0]), close(ready[1]);
}

TEST(flushes_reach_the_drive_on_macos_too) {
    static const char *const pragmas[] = {"PRAGMA fullfsync", "PRAGMA checkpoint_fullfsync"};
    struct store *store = with_image("fullfsync");
    for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++) {
        sqlite3_stmt *statement = NULL;
        CHECK_INT(sqlite3_prepare_v2(store->database, pragmas[i], -1, &statement, NULL), SQLITE_OK);
        CHECK_INT(sqlite3_step(statement), SQLITE_ROW);
        CHECK_INT(sqlite3_column_int(statement, 0), 1);
        sqlite3_finalize(statement);
    }
    store_close(store);
}

/* --- looking without touching --- */

/* Not even the files are made that SQLite makes beside a database in WAL mode to read it. */
static void check_nothing_made(const char *path) {
    scoped(alloc_release) char *log = alloc_printf("%s-wal", path);
    scoped(alloc_release) char *index = alloc_printf("%s-shm", path);
    CHECK(!file_exists(log) && !file_exists(index));
}

TEST(reading_makes_and_changes_nothing) {
    struct store *store = NULL;
    scoped(alloc_release) char *path = filled_store("read?%20#.sqlite3");
    scoped(buffer_done) struct buffer before = {0}, after = {0};
    contents(path, &before);
    OK(store_open(path, STORE_READ, &store, &error));
    CHECK_INT(store_version(store), store_newest_version());
    OK(store_check(store, 10000, &error));
    CHECK(!query_run(store, "DELETE FROM images", NULL));
    store_close(store);
    contents(path, &after);
    CHECK(before.length == after.length && memcmp(before.data, after.data, before.length) == 0);
    check_nothing_made(path);
}

TEST(an_older_one_is_read_as_it_is) {
    struct store *store = NULL;
    scoped(alloc_release) char *path = scratch_path("old.sqlite3");
    scoped(buffer_done) struct buffer sql = {0};
    OK(file_read("golden/store/v1.sql", FILE_LIMIT_BYTES, &sql, &error));
    execute(path, sql.data);
    OK(store_open(path, STORE_READ, &store, &error));
    CHECK_INT(store_version(store), 1);
    store_close(store);
    execute(path, "PRAGMA user_version = 999");
    FAILS(store_open(path, STORE_READ, &store, &error), ERROR_WRONG_STATE, "newer");
    check_nothing_made(path);
}

/* What another program writes meanwhile is seen, and damage is told. */
TEST(reading_sees_what_is_written_and_what_is_damaged) {
    struct store *writer = new_store("live.sqlite3"), *store = NULL;
    struct store_images images = {0};
    scoped(alloc_release) char *path = scratch_path("live.sqlite3");
    add_image(writer);
    OK(store_open(path, STORE_READ, &store, &error));
    OK(image_table_list(store, &images, &error));
    CHECK_INT(images.count, 1);
    store_images_done(&images);
    store_close(store);
    store_close(writer);
    scoped(alloc_release) char *damaged = filled_store("unread.sqlite3");
    scoped(buffer_done) struct buffer bytes = {0};
    contents(damaged, &bytes);
    memset(bytes.data + (root_page(damaged, "instances") - 1) * PAGE_BYTES, 0xA5, PAGE_BYTES);
    scratch_write(damaged, bytes.data, bytes.length, 0600);
    OK(store_open(damaged, STORE_READ, &store, &error));
    FAILS(store_check(store, 10000, &error), ERROR_FAILED, "damaged");
    store_close(store);
}

int main(void) {
    return test_run();
}
