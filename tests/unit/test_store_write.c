/* Writing to a store: where nothing can be written, all or nothing, and one writer after the other.
 * What is in the tables: test_*_table.c; older versions: test_store_migrations.c. */
#include "base/clock.h"
#include "store/commits.h"
#include "store/transaction.h"
#include "store_files.h"

#include <signal.h>
#include <sys/resource.h>

#define NOBODY 65534

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

TEST(what_is_read_together_is_of_one_moment) {
    scoped(alloc_release) char *path = filled_store("together");
    struct store *store = NULL, *writer = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    OK(store_open(path, STORE_OPEN, &writer, &error));
    const struct store_event event = {.kind = STORE_EVENT_QMP, .text = "meanwhile"};
    for (int turn = 0; turn < 2; turn++) {
        store_begin_reading(store);
        store_begin_reading(store);
        CHECK_INT(count_events(store), 200 + turn);
        OK(event_table_add(writer, &event, &error));
        CHECK_INT(count_events(store), 200 + turn);
        store_end_reading(store);
        store_end_reading(store);
        CHECK_INT(count_events(store), 201 + turn);
    }
    OK(event_table_add(store, &event, &error));
    store_close(writer);
    store_close(store);
}

TEST(the_end_of_reading_leaves_what_is_being_written) {
    struct store *store = with_image("reading-in-writing");
    const struct store_event event = {.kind = STORE_EVENT_QMP, .text = "begun"};
    const size_t before = count_events(store);
    store_begin_reading(store);
    store_end_reading(store);
    OK(store_begin(store, &error));
    OK(event_table_add(store, &event, &error));
    store_begin_reading(store);
    store_end_reading(store);
    store_rollback(store);
    CHECK_INT(count_events(store), before);
    store_close(store);
}

TEST(a_write_ends_what_is_read_together) {
    scoped(alloc_release) char *path = filled_store("read-and-write");
    struct store *store = NULL, *writer = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    OK(store_open(path, STORE_OPEN, &writer, &error));
    const struct store_event event = {.kind = STORE_EVENT_QMP, .text = "meanwhile"};
    store_begin_reading(store);
    CHECK_INT(count_events(store), 200);
    OK(event_table_add(writer, &event, &error));
    OK(event_table_add(store, &event, &error)); /* not onto what has changed since it read */
    CHECK_INT(count_events(writer), 202);
    store_end_reading(store);
    store_begin_reading(store);
    CHECK_INT(count_events(store), 202);
    OK(event_table_add(writer, &event, &error));
    OK(store_begin(store, &error));
    CHECK_INT(count_events(store), 203);
    store_rollback(store);
    store_begin_reading(store);
    CHECK_INT(count_events(store), 203);
    OK(store_make_lasting(store, &error));
    store_close(writer);
    store_close(store);
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

TEST(commits_are_counted_whoever_makes_them) {
    uint32_t first = 0, last = 0;
    struct store *other = NULL;
    scoped(alloc_release) char *path = scratch_path("commits");
    struct store *store = with_image("commits");
    OK(store_open(path, STORE_OPEN, &other, &error));
    int64_t instance = add_instance(store, "a", NULL);
    CHECK(store_commits(store, &first));
    OK(instance_table_set_wanted(other, instance, true, &error));
    CHECK(store_commits(store, &last));
    CHECK_INT(last - first, 1);
    OK(store_begin(store, &error) && instance_table_set_wanted(store, instance, false, &error) &&
       instance_table_set_wanted(store, instance, true, &error));
    CHECK(store_commits(other, &last));
    CHECK_INT(last - first, 1); /* not yet */
    OK(store_commit(store, &error));
    CHECK(store_commits(other, &last));
    CHECK_INT(last - first, 2);
    OK(store_begin(store, &error) && store_commit(store, &error)); /* of nothing */
    OK(store_begin(store, &error) && instance_table_set_wanted(store, instance, false, &error));
    store_rollback(store);
    CHECK(store_commits(other, &last));
    CHECK_INT(last - first, 2);
    store_close(other);
    store_close(store);
    OK(store_open(path, STORE_READ, &store, &error));
    CHECK(!store_commits(store, &last)); /* there is no log */
    store_close(store);
}

int main(void) {
    return test_run();
}
