#include "machine/bridge_tap.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/file.h"
#include "base/name.h"
#include "base/strv.h"
#include "machine/core/helper_argv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_BYTES 512

const char *bridge_tap_helper(void) {
    static const char *const paths[] = {"/usr/lib/qemu/qemu-bridge-helper",
                                        "/usr/libexec/qemu-bridge-helper",
                                        "/usr/local/libexec/qemu-bridge-helper"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return NULL;
}

static bool open_pair(int ends[2], struct error *error) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return error_errno(error, "cannot make a pair of sockets");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
}

/* fds: its stdout, stderr and end of the pair. */
static bool spawn_helper(char *const argv[], const int fds[3], pid_t *pid, struct error *error) {
    const int all[] = {CHILD_NULL, fds[0], fds[1], fds[2]};
    const struct child_options options = {
        .argv = argv, .fds = all, .fd_count = sizeof all / sizeof *all, .group = CHILD_GROUP};
    return child_spawn(&options, pid, error);
}

/* Its work is done, or it does not answer. That of the launcher is not this process's to wait for.
 */
static void end_child(pid_t pid) {
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

/* -1: it sent none in time. */
static int receive(int socket) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec bytes = {&byte, 1};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct pollfd ready = {.fd = socket, .events = POLLIN};
    int fd = -1;
    if (poll(&ready, 1, BRIDGE_TAP_TIMEOUT_MS) <= 0 || recvmsg(socket, &message, 0) <= 0)
        return -1;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    if (rights && rights->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

static void fail_with_words(const struct spec_nic *nic, int words, struct error *error) {
    char text[WORDS_BYTES];
    ssize_t got = read(words, text, sizeof text);
    size_t length = got > 0 ? (size_t)got : 0;
    while (length && text[length - 1] == '\n')
        length--;
    scoped(alloc_release) char *shown = name_printable(text, length, WORDS_BYTES);
    error_set(error, ERROR_FAILED, "QEMU's bridge helper did not open the bridge %s%s%s",
              nic->interface, length ? ": " : "", shown);
}

int bridge_tap_open(struct launch_link *link, const struct spec_nic *nic, struct error *error) {
    scoped(file_release) int ours = -1, theirs = -1, hear = -1, say = -1, reports = -1;
    scoped(strv_done) struct strv argv = {0};
    const char *helper = bridge_tap_helper();
    int pair[2], pipe[2];
    pid_t pid;
    if (!helper) {
        error_set(error, ERROR_NOT_FOUND, "qemu-bridge-helper is not installed, which opens %s",
                  nic->interface);
        return -1;
    }
    if (!open_pair(pair, error))
        return -1;
    ours = pair[0], theirs = pair[1];
    if (!child_pipe(pipe, error))
        return -1;
    hear = pipe[0], say = pipe[1];
    helper_argv_build_bridge(helper, nic, &argv);
    const int fds[] = {say, say, theirs};
    const struct launch_link_program program = {argv.items, fds, sizeof fds / sizeof *fds, true,
                                                NULL};
    if (!(link ? launch_link_start(link, &program, &pid, &reports, error)
               : spawn_helper(argv.items, fds, &pid, error)))
        return -1;
    file_release(&theirs);
    file_release(&say);
    int tap = receive(ours);
    if (!link)
        end_child(pid);
    if (tap < 0)
        fail_with_words(nic, hear, error);
    return tap;
}
