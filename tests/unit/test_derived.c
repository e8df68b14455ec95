/* Two that write at once: what is there in the end is what should be. */
#include "home/derived.h"
#include "scratch.h"

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

int main(void) {
    home = (struct home){.path = alloc_string(scratch())};
    int status = test_run();
    free(home.path);
    return status;
}
