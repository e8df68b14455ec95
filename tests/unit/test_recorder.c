/* The recorder while the store is locked: what it keeps, what it drops, and what it says of that.
 */
#include "daemon/recorder.h"
#include "store/event_table.h"
#include "store/transaction.h"
#include "store_samples.h"

#include <sys/stat.h>

static struct store *other; /* holds the lock of the store */

static void on_written(void *context, bool written) {
    *(int *)context = written ? 1 : -1;
}

/* An event, a guest, an address, a wish and a launch, then more events than are kept. */
static void record(struct recorder *recorder, int64_t instance, struct store_launch *launch,
                   unsigned events) {
    const struct store_guest guest = {.phoned_home_ms = 5,
                                      .instance_id = (char *)"i-1",
                                      .hostname = (char *)"test",
                                      .host_keys = (char *)"ssh-ed25519 AAAA\n"};
    recorder_event(recorder, instance, STORE_EVENT_STATE, "first");
    recorder_guest(recorder, instance, &guest);
    recorder_address(recorder, instance, "192.0.2.7", "agent");
    recorder_wanted(recorder, instance, true);
    launch->end_text = (char *)"power off";
    recorder_launch(recorder, launch);
    recorder_event(recorder, instance, STORE_EVENT_PHONE_HOME, "another kind");
    for (unsigned i = 0; i < events; i++) {
        char text[32];
        snprintf(text, sizeof text, "%u", i);
        recorder_event(recorder, instance, STORE_EVENT_QMP, text);
    }
}

/* What the flood left: everything but events. */
static void check_kept(struct store *store, int64_t instance) {
    struct store_guest guest = {0};
    struct store_instance row = {0};
    struct store_launch launch = {0};
    OK(guest_table_get(store, instance, &guest, &error));
    CHECK_STRING(guest.instance_id, "i-1");
    CHECK_STRING(guest.address, "192.0.2.7");
    OK(instance_table_get(store, "a", &row, &error));
    CHECK(row.wanted);
    OK(launch_table_last(store, instance, &launch, &error));
    CHECK_STRING(launch.end_text, "power off");
    store_guest_done(&guest);
    store_instance_done(&row);
    store_launch_done(&launch);
}

static size_t list(struct store *store, int64_t instance, struct store_events *events) {
    OK(event_table_list(store,
                        &(struct event_query){.instance = instance, .limit = 3 * EVENT_TABLE_LIMIT},
                        events, &error));
    return events->count;
}

/* Runs the loop until all is written, and closes it. */
static void finish(uv_loop_t *loop, struct recorder *recorder) {
    int written = 0;
    recorder_when_written(recorder, on_written, &written);
    store_rollback(other);
    uv_run(loop, UV_RUN_DEFAULT);
    CHECK_INT(written, 1);
    recorder_drain(recorder);
    recorder_close(recorder);
    uv_run(loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(loop), 0);
}

static int64_t flood(const char *name, unsigned count) {
    uv_loop_t loop;
    struct store_launch launch = {0};
    scoped(alloc_release) char *path = scratch_path(name);
    other = with_image(name);
    int64_t instance = add_instance(other, "a", NULL);
    OK(launch_table_add(other, instance, &launch, &error));
    OK(store_begin(other, &error));
    CHECK_INT(uv_loop_init(&loop), 0);
    struct recorder *recorder = recorder_new(&loop, path);
    record(recorder, instance, &launch, count);
    free(launch.tag);
    finish(&loop, recorder);
    return instance;
}

TEST(a_full_recorder_drops_events_only_and_says_how_many) {
    int64_t instance = flood("full", RECORDER_EVENT_LIMIT + 10);
    struct store_events events = {0};
    check_kept(other, instance);
    CHECK_INT(list(other, 0, &events), EVENT_TABLE_LIMIT + 3);
    CHECK_STRING(events.items[0].text, "first");
    CHECK_STRING(events.items[1].text, "another kind");
    CHECK_INT(events.items[2].instance, 0);
    CHECK_INT(events.items[2].kind, STORE_EVENT_DROPPED);
    CHECK_CONTAINS(events.items[2].text, "12 events");
    store_events_done(&events);
    store_close(other);
}

TEST(a_recorder_that_is_not_full_drops_nothing) {
    int64_t instance = flood("not-full", 100);
    struct store_events events = {0};
    check_kept(other, instance);
    CHECK_INT(list(other, 0, &events), 102);
    CHECK_STRING(events.items[0].text, "first");
    CHECK_STRING(events.items[101].text, "99");
    store_events_done(&events);
    store_close(other);
}

static void on_first_written(void *context, bool written) {
    struct store_events events = {0};
    CHECK(written);
    *(size_t *)context = list(other, 0, &events);
    store_events_done(&events);
}

TEST(what_is_recorded_in_one_turn_of_the_loop_is_written_at_once) {
    uv_loop_t loop;
    size_t found = 0;
    scoped(alloc_release) char *path = scratch_path("turn");
    other = with_image("turn");
    CHECK_INT(uv_loop_init(&loop), 0);
    struct recorder *recorder = recorder_new(&loop, path);
    recorder_when_written(recorder, on_first_written, &found);
    recorder_event(recorder, 0, STORE_EVENT_QMP, "STOP");
    recorder_event(recorder, 0, STORE_EVENT_STATE, "paused");
    finish(&loop, recorder);
    CHECK_INT(found, 2);
    store_close(other);
}

struct stream {
    struct recorder *recorder;
    unsigned left;
};

static void on_more(void *context, bool written) {
    struct stream *stream = context;
    CHECK(written);
    if (stream->left-- == 0)
        return;
    recorder_event(stream->recorder, 0, STORE_EVENT_QMP, "STOP");
    recorder_when_written(stream->recorder, on_more, stream);
}

TEST(who_is_told_that_all_is_written_may_record_more) {
    uv_loop_t loop;
    struct store_events events = {0};
    scoped(alloc_release) char *path = scratch_path("more");
    other = with_image("more");
    CHECK_INT(uv_loop_init(&loop), 0);
    struct stream stream = {recorder_new(&loop, path), 100};
    on_more(&stream, true);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(list(other, 0, &events), 100);
    finish(&loop, stream.recorder);
    store_events_done(&events);
    store_close(other);
}

/* --- the log --- */

/* https://sqlite.org/fileformat2.html#walformat: a header with the number of the log at 12 and its
 * salt at 16, then frames of a page, each with the salt of its log at 8. */
enum { LOG_HEADER = 32, LOG_FRAME = 24 + 4096, NUMBER_AT = 12, SALT_AT = 16, FRAME_SALT_AT = 8 };

static void read_log(const char *path, unsigned char log[LOG_HEADER + 2 * LOG_FRAME]) {
    scoped(alloc_release) char *name = alloc_printf("%s-wal", path);
    FILE *file = fopen(name, "rb");
    CHECK_INT(fread(log, 1, LOG_HEADER + 2 * LOG_FRAME, file), LOG_HEADER + 2 * LOG_FRAME);
    fclose(file);
}

/* Else the next event would wait until the header of the new log is on the disk. */
TEST(a_long_log_is_written_back_and_begun_anew_when_no_record_waits) {
    static unsigned char before[LOG_HEADER + 2 * LOG_FRAME], after[sizeof before];
    uv_loop_t loop;
    scoped(alloc_release) char *path = scratch_path("log");
    other = with_image("log");
    CHECK_INT(uv_loop_init(&loop), 0);
    struct recorder *recorder = recorder_new(&loop, path);
    unsigned count = 0;
    do {
        recorder_event(recorder, 0, STORE_EVENT_QMP, "STOP");
        uv_run(&loop, UV_RUN_DEFAULT);
        read_log(path, count ? after : before);
    } while ((!count || memcmp(before + NUMBER_AT, after + NUMBER_AT, 4) == 0) && ++count < 1000);
    CHECK(count > 10 && count < 1000);
    const unsigned char *salt = after + SALT_AT, *frame = after + LOG_HEADER + FRAME_SALT_AT;
    CHECK(memcmp(salt, frame, 8) == 0);
    CHECK(memcmp(salt, frame + LOG_FRAME, 8) != 0);
    finish(&loop, recorder);
    store_close(other);
}

/* Each of its transactions adds four pages or more. */
TEST(a_log_does_not_grow_for_ever_under_records_that_do_not_cease) {
    uv_loop_t loop;
    struct stat found;
    scoped(alloc_release) char *path = scratch_path("stream");
    scoped(alloc_release) char *name = scratch_path("stream-wal");
    other = with_image("stream");
    CHECK_INT(uv_loop_init(&loop), 0);
    struct stream stream = {recorder_new(&loop, path), 2000};
    on_more(&stream, true);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(stat(name, &found) == 0 && found.st_size < 5000 * LOG_FRAME);
    finish(&loop, stream.recorder);
    store_close(other);
}

int main(void) {
    return test_run();
}
