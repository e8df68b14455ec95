#include "helpers.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/strv.h"
#include "machine/bridge_tap.h"
#include "machine/core/helper_argv.h"
#include "machine/log_tail.h"
#include "machine/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* As vmnet-helper's config.h has them: a send buffer is the largest frame, a receive buffer what
 * may queue up. Systems that allow less give what they allow. */
#define SEND_BUFFER_BYTES    (65 * 1024)
#define RECEIVE_BUFFER_BYTES (4 * 1024 * 1024)

#define LINE_LIMIT_BYTES 4096u
#define FILE_LIMIT_BYTES 1024u
#define LOW_FDS          10 /* below are those that a child is given its own in the place of */
#define REAP_TIMEOUT_MS  2000
#define REAP_INTERVAL_MS 10
#define FIRST_RETRY_MS   1000
#define LAST_RETRY_MS    8000

/* --- what it is given --- */

static void set_buffers(int fd) {
    int send = SEND_BUFFER_BYTES, receive = RECEIVE_BUFFER_BYTES;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof send);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
}

/* No other child may inherit QEMU's end: a helper would never see it closed. */
static bool move_up(int *fd) {
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, LOW_FDS);
    if (high < 0)
        return false;
    close(*fd);
    *fd = high;
    return true;
}

static bool open_pair(int *ours, int *theirs, struct error *error) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0)
        return error_errno(error, "cannot make a pair of sockets");
    *ours = ends[0];
    *theirs = ends[1];
    set_buffers(*ours);
    set_buffers(*theirs);
    return (move_up(ours) && move_up(theirs)) ||
           error_errno(error, "cannot make a pair of sockets");
}

static bool open_pipe(int *reader, int *writer, struct error *error) {
    int ends[2];
    if (!child_pipe(ends, error))
        return false;
    *reader = ends[0];
    *writer = ends[1];
    return (move_up(reader) && move_up(writer)) || error_errno(error, "cannot make a pipe");
}

/* One network helper's descriptors. QEMU's end stays open when the helper is ready. */
struct ends {
    int qemu, helper;   /* the pair of sockets */
    int reader, writer; /* the pipe for its first line */
    int log;
};

static void ends_done(struct ends *ends) {
    file_release(&ends->qemu);
    file_release(&ends->helper);
    file_release(&ends->reader);
    file_release(&ends->writer);
    file_release(&ends->log);
}

static bool open_ends(const char *log, struct ends *ends, struct error *error) {
    ends->log = file_open_log(log, error);
    return ends->log >= 0 && open_pair(&ends->qemu, &ends->helper, error) &&
           open_pipe(&ends->reader, &ends->writer, error);
}

/* --- the process --- */

static bool spawn_child(char *const argv[], const struct ends *ends, pid_t *pid,
                        struct error *error) {
    const int fds[] = {CHILD_NULL, ends->writer, ends->log, [HELPER_ARGV_FD] = ends->helper};
    const struct child_options options = {
        .argv = argv, .fds = fds, .fd_count = HELPER_ARGV_FD + 1, .group = CHILD_SESSION};
    return child_spawn(&options, pid, error);
}

/* The end of one that the launcher started is not waited for here: it is watched by its pid. */
static bool helper_spawn(struct launch_link *link, char *const argv[], const struct ends *ends,
                         pid_t *pid, struct error *error) {
    const int fds[] = {ends->writer, ends->log, ends->helper};
    const struct launch_link_program program = {argv, fds, sizeof fds / sizeof *fds, true, NULL};
    scoped(file_release) int reports = -1;
    return link ? launch_link_start(link, &program, pid, &reports, error)
                : spawn_child(argv, ends, pid, error);
}

/* 0 when it has not ended in time, or is no child. */
static pid_t reap(pid_t pid, int *status) {
    uint64_t deadline = clock_monotonic_ms() + REAP_TIMEOUT_MS;
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended != 0 || clock_monotonic_ms() >= deadline)
            return ended > 0 ? ended : 0;
        poll(NULL, 0, REAP_INTERVAL_MS);
    }
}

/* One that is root's is not ours to end: it ends when it finds its socket closed. */
static void end(pid_t pid) {
    int status;
    if (kill(pid, SIGTERM) < 0)
        return;
    if (!reap(pid, &status) && kill(pid, SIGKILL) == 0)
        reap(pid, &status);
}

/* --- its first line --- */

enum heard { HEARD_LINE, HEARD_END, HEARD_NOTHING };

static enum heard hear(int fd, struct buffer *line) {
    uint64_t deadline = clock_monotonic_ms() + HELPERS_TIMEOUT_MS;
    char chunk[512];
    while (line->length < LINE_LIMIT_BYTES) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        uint64_t now = clock_monotonic_ms();
        int count = now >= deadline ? 0 : poll(&ready, 1, (int)(deadline - now));
        if (count == 0)
            return HEARD_NOTHING;
        ssize_t got = count < 0 ? -1 : read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return HEARD_END;
        buffer_append(line, chunk, (size_t)got);
        if (memchr(chunk, '\n', (size_t)got))
            return HEARD_LINE;
    }
    return HEARD_LINE;
}

/* What macOS means by its words; "": they say it. */
static const char *meaning_of(const char *words) {
    return strstr(words, "VMNET_SHARING_SERVICE_BUSY")
               ? " (the addresses are in use by another program as another kind of network: end it, "
                 "or give the cloud other ones)"
               : "";
}

static bool fail(const char *program, const char *how, const char *words, struct error *error) {
    const char *slash = strrchr(program, '/');
    return error_set(error, ERROR_FAILED, "the network's helper %s did not start%s%s%s%s",
                     slash ? slash + 1 : program, how, words[0] ? ": " : "", words,
                     meaning_of(words));
}

static bool fail_ended(const char *program, pid_t pid, const char *words, struct error *error) {
    char how[64] = " (it closed its output)";
    int status;
    if (!reap(pid, &status))
        end(pid);
    else if (WIFSIGNALED(status))
        snprintf(how, sizeof how, " (signal %d)", WTERMSIG(status));
    else
        snprintf(how, sizeof how, " (exit %d)", WEXITSTATUS(status));
    return fail(program, how, words, error);
}

static void take_address(json_t *object, const char *key, char address[16]) {
    const char *text = json_string_value(json_object_get(object, key));
    uint32_t number;
    if (text && name_parse_ip4(text, &number))
        name_format_ip4(number, address);
}

/* vmnet-helper: "{"vmnet_mtu":1500,…,"vmnet_start_address":"192.168.105.1"}". */
static void read_network(const struct buffer *line, struct helper_network *network) {
    json_t *object = json_loadb(line->data, line->length, JSON_DISABLE_EOF_CHECK, NULL);
    take_address(object, "vmnet_start_address", network->first);
    take_address(object, "vmnet_subnet_mask", network->netmask);
    json_decref(object);
}

static bool wait_ready(const struct spec_helper *helper, off_t log_start, struct helper *started,
                       int fd, struct error *error) {
    scoped(buffer_done) struct buffer line = {0};
    pid_t pid = started->pid;
    enum heard heard = hear(fd, &line);
    if (heard == HEARD_LINE && line.data[0] == '{') {
        read_network(&line, &started->network);
        return true;
    }
    if (heard == HEARD_LINE) {
        size_t length = (size_t)(strcspn(line.data, "\r\n"));
        scoped(alloc_release) char *shown = name_printable(line.data, length, 80);
        end(pid);
        return fail(helper->program, ", it said this", shown, error);
    }
    if (heard == HEARD_NOTHING)
        end(pid);
    scoped(alloc_release) char *words = log_tail_read(helper->log, log_start);
    if (heard == HEARD_END)
        return fail_ended(helper->program, pid, words, error);
    return fail(helper->program, " in time", words, error);
}

/* --- one --- */

static bool start(const struct spec *spec, const struct spec_nic *nic, struct launch_link *link,
                  struct helper *helper, struct error *error) {
    scoped(ends_done) struct ends ends = {-1, -1, -1, -1, -1};
    scoped(strv_done) struct strv argv = {0};
    struct stat log;
    struct spec plain = *spec;
    if (link)
        plain.helper.sudo = NULL;
    helper_argv_build(&plain, nic, &argv);
    if (!open_ends(spec->helper.log, &ends, error))
        return false;
    off_t log_start = fstat(ends.log, &log) == 0 ? log.st_size : 0;
    if (!helper_spawn(link, argv.items, &ends, &helper->pid, error))
        return false;
    file_release(&ends.helper);
    file_release(&ends.writer);
    if (!wait_ready(&spec->helper, log_start, helper, ends.reader, error))
        return false;
    helper->position = nic->position;
    helper->start = platform_process_start(helper->pid);
    helper->fd = ends.qemu;
    ends.qemu = -1;
    return true;
}

/* A card that needs nobody once its descriptor is open: that of a bridge, and that of a daemon
 * where QEMU, being root, must not look for the daemon by a path. */
static bool has_descriptor_only(const struct spec *spec, const struct spec_nic *nic,
                                const struct launch_link *link) {
    return nic->network == SPEC_NET_BRIDGE ||
           (nic->network == SPEC_NET_SOCKET && link && spec_needs_root(spec));
}

static bool open_descriptor(const struct spec_nic *nic, struct launch_link *link,
                            struct helper *helper, struct error *error) {
    *helper = (struct helper){.position = nic->position};
    helper->fd = nic->network == SPEC_NET_BRIDGE ? bridge_tap_open(link, nic, error)
                                                 : socket_connect(nic->interface, error);
    return helper->fd >= 0;
}

/* --- all of them --- */

static bool may_become_ready(const struct error *error) {
    return strstr(error->text, "VMNET_FAILURE") && platform_uptime_ms() < PLATFORM_VMNET_EARLY_MS;
}

static bool start_patiently(const struct spec *spec, const struct spec_nic *nic,
                            struct launch_link *link, struct helper *helper, struct error *error) {
    for (int wait_ms = FIRST_RETRY_MS;; wait_ms *= 2) {
        struct error problem = {0};
        *helper = (struct helper){.fd = -1};
        if (start(spec, nic, link, helper, &problem))
            return true;
        if (wait_ms > LAST_RETRY_MS || !may_become_ready(&problem))
            return error_copy(error, &problem);
        poll(NULL, 0, wait_ms);
    }
}

bool helpers_start(const struct spec *spec, struct launch_link *link, struct helpers *helpers,
                   struct error *error) {
    for (size_t i = 0; i < spec->nic_count; i++) {
        const struct spec_nic *nic = &spec->nics[i];
        struct helper *helper = &helpers->items[helpers->count];
        bool bare = has_descriptor_only(spec, nic, link);
        struct launch_link *roots = spec->helper.sudo ? link : NULL; /* in the place of sudo */
        if (!bare && !spec_network_has_helper(nic->network))
            continue;
        if (!(bare ? open_descriptor(nic, link, helper, error)
                   : start_patiently(spec, nic, roots, helper, error))) {
            helpers_done(helpers);
            return false;
        }
        helpers->count++;
    }
    return true;
}

void helpers_close_fds(struct helpers *helpers) {
    for (size_t i = 0; i < helpers->count; i++)
        file_release(&helpers->items[i].fd);
}

void helpers_done(struct helpers *helpers) {
    for (size_t i = 0; i < helpers->count; i++)
        if (helpers->items[i].fd >= 0 && helpers->items[i].pid)
            kill(helpers->items[i].pid, SIGTERM);
    helpers_close_fds(helpers);
    helpers->count = 0;
}

/* --- for the next supervisor --- */

bool helpers_save(const struct helpers *helpers, const char *path, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    for (size_t i = 0; i < helpers->count; i++)
        if (helpers->items[i].pid)
            buffer_printf(&text, "%u %ld %" PRIu64 "\n", helpers->items[i].position,
                          (long)helpers->items[i].pid, helpers->items[i].start);
    return text.length == 0 || file_write(path, text.data, text.length, 0600, error);
}

void helpers_load(const char *path, struct helpers *helpers) {
    scoped(buffer_done) struct buffer text = {0};
    unsigned position;
    long pid;
    uint64_t start;
    if (!file_exists(path) || !file_read(path, FILE_LIMIT_BYTES, &text, NULL))
        return;
    for (const char *line = text.data; line && helpers->count < SPEC_NICS_MAX;) {
        if (sscanf(line, "%u %ld %" SCNu64, &position, &pid, &start) != 3 || pid <= 1 || !start)
            return;
        helpers->items[helpers->count++] =
            (struct helper){.position = position, .pid = (pid_t)pid, .start = start, .fd = -1};
        line = strchr(line, '\n');
        if (line)
            line++;
    }
}
