/* What a command without a supervisor says of a VM that gives no answer: that it ended only if it
 * did. */
#include "cli/link/offline.h"
#include "machine/core/run_file.h"
#include "machine/socket.h"
#include "scratch.h"
#include "test.h"

#include <sys/socket.h>
#include <unistd.h>

/* Twice, since the second command finds the session lost. NULL: QEMU closes the connection. */
static void check_lost(const char *said, enum error_code code, const char *sentence) {
    struct error error = {0}, second = {0};
    struct home home = {.run = (char *)scratch()};
    const struct running running = {.name = "test", .tag = "1"};
    scoped(alloc_release) char *path =
        run_file_path(home.run, running.name, running.tag, RUN_FILE_MONITOR);
    scoped(file_release) int listener = socket_listen(path, &error);
    CHECK(listener >= 0);
    struct offline *offline = offline_open(&home, &running, &error);
    CHECK(offline != NULL);
    scoped(file_release) int peer = accept(listener, NULL, NULL);
    if (said)
        CHECK(write(peer, said, strlen(said)) == (ssize_t)strlen(said));
    else
        file_release(&peer);
    CHECK(!offline_command(offline, "query-status", NULL, &error));
    CHECK(!offline_command(offline, "query-status", NULL, &second));
    CHECK_INT(second.code, code);
    CHECK_CONTAINS(second.text, sentence);
    offline_close(offline);
}

TEST(one_that_ended_is_told_from_one_that_does_not_answer) {
    check_lost(NULL, ERROR_WRONG_STATE, "the VM of \"test\" ended meanwhile");
    check_lost("nothing of QMP\n", ERROR_FAILED, "QEMU does not answer on its QMP socket");
}

int main(void) {
    return test_run();
}
