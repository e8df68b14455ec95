/* Two that write at once: what is there in the end is what should be. */
#include "home/derived.h"
#include "store/event_table.h"
#include "store/transaction.h"
#include "store_samples.h"

static struct home home;
static const char *truth; /* what the file is made of */
static int rendered;
static const char *change_to; /* another process's, while this one renders */

static bool render(struct home *of, struct buffer *text, struct error *error) {
    (void)of, (void)error;
    rendered++;
    buffer_puts(text, truth);
    if (change_to) {
        truth = change_to;
        change_to = NULL;
    }
    return true;
}

static bool fail(struct home *of, struct buffer *text, struct error *error) {
    (void)of;
    buffer_puts(text, "half");
    return error_set(error, ERROR_FAILED, "not now");
}

static void check_write(const char *expected, int rounds) {
    struct error error = {0};
    scoped(alloc_release) char *path = home_file(&home, "it");
    rendered = 0;
    CHECK(derived_write(&home, "it", render, &error));
    CHECK_STRING(error.text, "");
    CHECK_INT(rendered, rounds);
    CHECK(*expected ? file_content_equals(path, expected, strlen(expected)) : !file_exists(path));
}

TEST(written_when_it_differs_and_looked_at_again) {
    truth = "";
    check_write("", 1);
    truth = "one\n";
    check_write("one\n", 2);
    check_write("one\n", 1);
    change_to = "two\n"; /* seen when it is looked at again */
    truth = "three\n";
    check_write("two\n", 3);
    truth = "";
    check_write("", 2);
}

TEST(a_failure_leaves_what_was_there) {
    struct error error = {0};
    truth = "one\n";
    check_write("one\n", 2);
    CHECK(!derived_write(&home, "it", fail, &error));
    CHECK_STRING(error.text, "not now");
    check_write("one\n", 1);
}

static void tell(struct store *store) {
    const struct store_event event = {.kind = STORE_EVENT_QMP, .text = "STOP"};
    OK(event_table_add(store, &event, &error));
}

static bool render_events(struct home *of, struct buffer *text, struct error *error) {
    struct store_events events = {0};
    bool good = event_table_list(of->store, &(struct event_query){.limit = 9}, &events, error);
    buffer_printf(text, "%zu events\n", events.count);
    store_events_done(&events);
    return good;
}

TEST(what_another_process_wrote_since_the_caller_reads_is_in_it) {
    struct buffer before = {0};
    struct store *other = NULL;
    scoped(alloc_release) char *store = scratch_path("store"), *path = home_file(&home, "it");
    OK(store_open(store, STORE_OPEN, &other, &error));
    store_begin_reading(home.store);
    OK(render_events(&home, &before, &error));
    tell(other);
    OK(derived_write(&home, "it", render_events, &error));
    CHECK(file_content_equals(path, "1 events\n", strlen("1 events\n")));
    buffer_done(&before);
    store_close(other);
}

int main(void) {
    home = (struct home){.path = alloc_string(scratch()), .store = new_store("store")};
    int status = test_run();
    store_close(home.store);
    free(home.path);
    return status;
}
