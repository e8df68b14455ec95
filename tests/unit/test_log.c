/* Lines on stderr, and the files that programs log to. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* Lines on stderr while this runs, by what they contain. */
static unsigned count_lines(const char *path, const char *part) {
    struct buffer text = {0};
    struct error error = {0};
    unsigned count = 0;
    CHECK(file_read(path, 4u << 20, &text, &error));
    for (const char *at = text.data; at && (at = strstr(at, part)); at++)
        count++;
    buffer_done(&text);
    return count;
}

TEST(a_flood_of_lines_is_bounded_and_says_so) {
    char path[] = "/tmp/pgsup-log.XXXXXX";
    int file = mkstemp(path), before = dup(STDERR_FILENO);
    fflush(stderr);
    dup2(file, STDERR_FILENO);
    for (unsigned i = 0; i < LOG_LINES_AT_ONCE + 1000; i++)
        log_info("flood");
    log_warning("not flooded");
    poll(NULL, 0, 2 * 1000 / LOG_LINES_PER_S);
    log_info("later");
    dup2(before, STDERR_FILENO);
    close(before);
    close(file);
    unsigned lines = count_lines(path, "flood\n");
    CHECK(lines >= LOG_LINES_AT_ONCE && lines < LOG_LINES_AT_ONCE + 200);
    CHECK_INT(count_lines(path, "warning: not flooded\n"), 1);
    CHECK_INT(count_lines(path, "later\n"), 1);
    CHECK_INT(count_lines(path, " lines were left out"), 1);
    unlink(path);
}

/* Ansible, for one, ends at once when its output is not. */
TEST(a_log_is_a_blocking_descriptor) {
    char path[] = "/tmp/pgsup-t.XXXXXX";
    struct error error = {0};
    scoped(file_release) int other = mkstemp(path);
    scoped(file_release) int log = file_open_log(path, &error);
    CHECK_STRING(error.text, "");
    CHECK(other >= 0);
    CHECK((fcntl(log, F_GETFL) & (O_NONBLOCK | O_APPEND)) == O_APPEND);
    unlink(path);
}

int main(void) {
    return test_run();
}
