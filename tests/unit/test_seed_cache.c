/* What the seed server remembers is never older than what it had to know when it was asked, and
 * what it remembers costs no file to open. */
#include "base/clock.h"
#include "daemon/seed_cache.h"
#include "instance_samples.h"

#include <sys/resource.h>
#include <unistd.h>

#define FILE_CLOCK_US 30000 /* more than a tick of the kernel, by which it tells files' times */

enum { LONG_MS = 60000 };

static struct seed_cache *cache;
static int64_t later_ms; /* the server is asked so much later than it is */

static struct seed_entry *ask(const char *token, enum error_code code) {
    struct error error = {0};
    seed_cache_turn(cache, clock_wall_ms() + later_ms, true);
    struct seed_entry *entry = seed_cache_find(cache, token, &error);
    CHECK_INT(error.code, code);
    CHECK_INT(entry != NULL, code == ERROR_NONE);
    return entry;
}

static void expect_vendor_data(const char *token, const char *text) {
    struct error error = {0};
    struct seed_entry *entry = ask(token, ERROR_NONE);
    const struct buffer *content = seed_cache_read(cache, entry, SEED_VENDOR_DATA, &error);
    CHECK_STRING(error.text, "");
    CHECK_STRING(content && content->data ? content->data : "", text);
}

/* Its time says that it is old, whether that is true or not. */
static void write_old(const char *path, const char *text) {
    scoped(alloc_release) char *old = alloc_printf("touch -t 202001010000 '%s'", path);
    scratch_write(path, text, strlen(text), 0600);
    CHECK_INT(system(old), 0);
}

static void limit_files(rlim_t count) {
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = count ? count : limit.rlim_max;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(a_document_is_read_again_when_it_changes_and_opened_no_more_otherwise) {
    struct store_instance test = {0};
    struct error error = {0}, young = {0};
    open_user("documents");
    make("test", NULL, &test);
    cache = seed_cache_new(&home, NULL);
    scoped(alloc_release) char *path = home_file(&home, "instances/test/cloud-init/vendor-data");
    later_ms = -LONG_MS;
    write_old(path, "new");
    expect_vendor_data(test.token, "new");
    limit_files(1); /* a young document is opened again, whatever its time says */
    CHECK(!seed_cache_read(cache, ask(test.token, ERROR_NONE), SEED_VENDOR_DATA, &young));
    limit_files(0);
    later_ms = LONG_MS;
    write_old(path, "one");
    expect_vendor_data(test.token, "one");
    limit_files(1);
    expect_vendor_data(test.token, "one");
    uint64_t before = seed_cache_revision(cache);
    check_good(instance_table_set_wanted(home.store, test.id, true, &error), &error);
    expect_vendor_data(test.token, "one"); /* that changes no document */
    CHECK(seed_cache_revision(cache) != before);
    limit_files(0);
    write_old(path, "two"); /* of the same size and time: another file */
    expect_vendor_data(test.token, "two");
    usleep(FILE_CLOCK_US);
    scoped(alloc_release) char *hidden =
        alloc_printf("printf TWO >'%s' && touch -t 202001010000 '%s'", path, path);
    CHECK_INT(system(hidden), 0); /* the same file, size and time */
    expect_vendor_data(test.token, "TWO");
    later_ms = 0;
    scratch_write(path, "abc", 3, 0600);
    expect_vendor_data(test.token, "abc");
    scoped(alloc_release) char *over = alloc_printf("printf xyz >'%s'", path); /* the same file */
    CHECK_INT(system(over), 0);
    expect_vendor_data(test.token, "xyz");
    CHECK_INT(unlink(path), 0);
    expect_vendor_data(test.token, "");
    CHECK_INT(mkfifo(path, 0600), 0);
    CHECK(!seed_cache_read(cache, ask(test.token, ERROR_NONE), SEED_VENDOR_DATA, &error));
    CHECK_CONTAINS(error.text, "is a pipe");
    seed_cache_free(cache);
    store_instance_done(&test);
    home_close(&home);
}

TEST(a_token_is_forgotten_with_its_instance_whoever_removes_it) {
    struct store_instance first = {0}, second = {0};
    struct error error = {0};
    struct home other = {0};
    open_user("tokens");
    make("first", NULL, &first);
    make("second", NULL, &second);
    cache = seed_cache_new(&home, NULL);
    ask("0123456789abcdef", ERROR_NOT_FOUND);
    CHECK_STRING(seed_entry_instance(ask(first.token, ERROR_NONE))->name, "first");
    CHECK_STRING(seed_entry_instance(ask(second.token, ERROR_NONE))->name, "second");
    uint64_t before = seed_cache_revision(cache);
    ask(first.token, ERROR_NONE);
    CHECK(seed_cache_revision(cache) == before);
    check_good(instance_table_remove(home.store, first.id, &error), &error); /* this connection */
    ask(first.token, ERROR_NOT_FOUND);
    CHECK(seed_cache_revision(cache) != before);
    ask(second.token, ERROR_NONE);
    check_good(home_open(home.path, &other, &error), &error);
    check_good(instance_table_remove(other.store, second.id, &error), &error); /* another one */
    home_close(&other);
    ask(second.token, ERROR_NOT_FOUND);
    seed_cache_free(cache);
    store_instance_done(&first);
    store_instance_done(&second);
    home_close(&home);
}

static void on_recorded(void *context, bool written) {
    *(bool *)context = written;
}

/* What the recorder has by now is in the store. */
static void record_now(struct recorder *recorder, uv_loop_t *loop) {
    bool written = false;
    recorder_when_written(recorder, on_recorded, &written);
    while (!written)
        uv_run(loop, UV_RUN_ONCE);
}

static void record(struct recorder *recorder, uv_loop_t *loop, int64_t instance) {
    recorder_event(recorder, instance, STORE_EVENT_SEED, "fetched");
    record_now(recorder, loop);
}

/* Whether the answer to this token was looked up anew. */
static bool looks_up(const char *token) {
    uint64_t before = seed_cache_revision(cache);
    ask(token, ERROR_NONE);
    return seed_cache_revision(cache) != before;
}

TEST(what_the_recorder_writes_costs_no_look_up_and_hides_no_change_of_others) {
    struct store_instance test = {0};
    struct error error = {0};
    struct home other = {0};
    uv_loop_t loop;
    open_user("recorded");
    make("test", NULL, &test);
    scoped(alloc_release) char *database = home_file(&home, HOME_DATABASE);
    check_good(home_open(home.path, &other, &error), &error);
    uv_loop_init(&loop);
    struct recorder *recorder = recorder_new(&loop, database);
    cache = seed_cache_new(&home, recorder);
    ask(test.token, ERROR_NONE);
    for (int i = 0; i < 3; i++) {
        record(recorder, &loop, test.id);
        CHECK(!looks_up(test.token));
        record_now(recorder, &loop); /* nothing: that is no commit */
        record(recorder, &loop, test.id);
        record(recorder, &loop, test.id);
        CHECK(!looks_up(test.token));
        recorder_wanted(recorder, test.id, i == 0); /* a part of the instance */
        record_now(recorder, &loop);
        CHECK(seed_entry_instance(ask(test.token, ERROR_NONE))->wanted == (i == 0));
    }
    record(recorder, &loop, test.id);
    check_good(instance_table_set_wanted(other.store, test.id, true, &error), &error);
    record(recorder, &loop, test.id);
    CHECK(seed_entry_instance(ask(test.token, ERROR_NONE))->wanted);
    record(recorder, &loop, test.id);
    check_good(instance_table_remove(other.store, test.id, &error), &error);
    ask(test.token, ERROR_NOT_FOUND);
    recorder_drain(recorder);
    recorder_close(recorder);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
    seed_cache_free(cache);
    store_instance_done(&test);
    home_close(&other);
    home_close(&home);
}

TEST(what_is_known_outlives_the_last_connection_by_a_minute) {
    struct store_instance test = {0};
    struct error error = {0};
    open_user("kept");
    make("test", NULL, &test);
    cache = seed_cache_new(&home, NULL);
    scoped(alloc_release) char *path = home_file(&home, "instances/test/cloud-init/vendor-data");
    later_ms = LONG_MS;
    write_old(path, "one");
    expect_vendor_data(test.token, "one");
    int64_t last_ms = clock_wall_ms() + later_ms; /* or some milliseconds before */
    limit_files(1);
    seed_cache_turn(cache, last_ms + SEED_CACHE_KEEP_MS / 2, false);
    expect_vendor_data(test.token, "one");
    seed_cache_turn(cache, last_ms + 2 * SEED_CACHE_KEEP_MS, false);
    CHECK(!seed_cache_read(cache, ask(test.token, ERROR_NONE), SEED_VENDOR_DATA, &error));
    limit_files(0);
    expect_vendor_data(test.token, "one");
    limit_files(1);
    seed_cache_turn(cache, last_ms - LONG_MS, false); /* the clock was set back */
    CHECK(!seed_cache_read(cache, ask(test.token, ERROR_NONE), SEED_VENDOR_DATA, NULL));
    limit_files(0);
    seed_cache_free(cache);
    store_instance_done(&test);
    home_close(&home);
}

int main(void) {
    return test_run();
}
