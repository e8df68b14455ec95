/* The fake QEMU and the QMP session, over a real socket: each misbehaviour has the effect that the
 * supervisor's tests count on, and the session takes it as it should. */
#include "test.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "qmp/session.h"
#include "scratch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SHORT_MS 1000 /* for what will never be answered */
#define LONG_MS  20000

struct vm {
    pid_t pid;
    int fd;
    char *socket, *pid_file, *log;
};

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

static void run_child(const struct vm *vm, const char *faults, int listener) {
    scoped(alloc_release) char *spare =
        alloc_printf("socket,id=spare,path=%s.mon,server=on,wait=off", vm->socket);
    int log = open(vm->log, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    setenv("FAKE_QEMU", faults, 1);
    dup2(log, 2);
    dup2(listener, 3);
    execl(FAKE_QEMU_PROGRAM, "qemu-system-aarch64", "-nodefaults", "-name",
          "guest=a,,b,debug-threads=on", "-uuid", "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
          "-machine", "virt", "-S", "-pidfile", vm->pid_file, "-chardev",
          "socket,id=qmp,fd=3,server=on,wait=off", "-mon", "chardev=qmp,mode=control", "-chardev",
          spare, "-mon", "chardev=spare,mode=control", (char *)NULL);
    _exit(127);
}

/* As the supervisor does it: its client is connected before the listener is handed over. */
static struct vm launch(const char *faults) {
    struct vm vm = {
        .socket = scratch_path("v.qmp"),
        .pid_file = scratch_path("v.pid"),
        .log = scratch_path("v.log"),
    };
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", vm.socket);
    unlink(vm.socket);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, 4) == 0);
    vm.fd = connect_to(vm.socket);
    vm.pid = fork();
    if (vm.pid == 0)
        run_child(&vm, faults, listener);
    close(listener);
    return vm;
}

/* Its exit status, or minus the signal that ended it. */
static int finish(struct vm *vm, int signal) {
    int status = 0;
    if (signal)
        kill(vm->pid, signal);
    CHECK(waitpid(vm->pid, &status, 0) == vm->pid);
    close(vm->fd);
    free(vm->socket);
    free(vm->pid_file);
    free(vm->log);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- a conversation --- */

struct talk {
    int fd;
    struct qmp_session *session;
    unsigned open; /* commands under way */
    bool ready, ended;
    struct buffer trace;
};

static void note(struct talk *talk, const struct qmp_item *item) {
    static const char *const names[] = {"return", "error", "timeout", "lost"};
    const char *space = talk->trace.length ? " " : "";
    switch (item->kind) {
    case QMP_ITEM_READY:
        buffer_printf(&talk->trace, "%sready", space);
        talk->ready = true;
        break;
    case QMP_ITEM_EVENT: buffer_printf(&talk->trace, "%s%s", space, item->name); break;
    case QMP_ITEM_REPLY:
        buffer_printf(&talk->trace, "%s%s:%s", space, names[item->status], item->command);
        talk->open--;
        break;
    case QMP_ITEM_LOST:
        buffer_printf(&talk->trace, "%send", space);
        talk->ended = true;
        break;
    }
}

static void turn(struct talk *talk) {
    struct buffer *output = session_output(talk->session);
    ssize_t put = send(talk->fd, output->data, output->length, 0);
    if (put > 0)
        buffer_consume(output, (size_t)put);
    uint64_t now_ms = clock_monotonic_ms(), deadline_ms = session_deadline_ms(talk->session);
    int wait_ms = deadline_ms == QMP_NO_DEADLINE ? LONG_MS
                  : deadline_ms > now_ms         ? (int)(deadline_ms - now_ms)
                                                 : 0;
    struct pollfd ready = {.fd = talk->fd, .events = POLLIN};
    char chunk[65536];
    if (poll(&ready, 1, wait_ms) > 0) {
        ssize_t got = recv(talk->fd, chunk, sizeof chunk, 0);
        if (got > 0)
            session_feed(talk->session, chunk, (size_t)got);
        else
            session_eof(talk->session, "QEMU closed the connection");
    }
    struct qmp_item item;
    while (session_next(talk->session, &item))
        note(talk, &item);
    session_tick(talk->session, clock_monotonic_ms());
    while (session_next(talk->session, &item))
        note(talk, &item);
}

/* Sends the commands, all at once, and waits until each has completed or, where the row says so,
 * for the end. A short limit is for the answers: a program may take longer to begin. The trace is
 * the caller's. */
static struct buffer converse(int fd, const char *commands, uint64_t limit_ms, bool to_the_end) {
    uint64_t greeting_ms = to_the_end ? limit_ms : LONG_MS;
    struct talk talk = {.fd = fd, .session = session_new(clock_monotonic_ms(), greeting_ms)};
    while (greeting_ms > limit_ms && !talk.ready && !talk.ended)
        turn(&talk);
    uint64_t now_ms = clock_monotonic_ms();
    scoped(alloc_release) char *copy = alloc_string(commands);
    char *rest = NULL;
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        CHECK(session_send_within(talk.session, &(struct qmp_request){name, NULL, NULL}, now_ms,
                                  limit_ms) != 0);
        talk.open++;
    }
    while (!talk.ended && (talk.open > 0 || to_the_end))
        turn(&talk);
    session_free(talk.session);
    return talk.trace;
}

static const struct {
    const char *faults, *commands, *trace;
    int signal; /* that must be sent to end it; 0: it ends by itself */
    int status;
    bool to_the_end, impatient;
} rows[] = {
    {"", "query-status query-jobs query-block query-version",
     "ready return:query-status return:query-jobs return:query-block return:query-version", SIGTERM,
     0, false, false},
    {"", "cont stop stop system_reset",
     "ready RESUME return:cont STOP return:stop return:stop RESET return:system_reset", SIGTERM, 0,
     false, false},
    {"", "cont system_powerdown",
     "ready RESUME return:cont POWERDOWN return:system_powerdown SHUTDOWN end", 0, 0, true, false},
    {"", "system_powerdown cont",
     "ready POWERDOWN return:system_powerdown RESUME return:cont SHUTDOWN end", 0, 0, true, false},
    {"", "nope quit query-name", "ready error:nope SHUTDOWN return:quit lost:query-name end", 0, 0,
     true, false},
    {"exit-before-greeting", "query-status", "lost:query-status end", 0, 1, true, false},
    {"exit-after-greeting", "query-status", "lost:query-status end", 0, 1, true, false},
    {"exit-mid-reply", "query-status query-name", "ready lost:query-status lost:query-name end", 0,
     1, true, false},
    {"no-greeting", "query-status", "lost:query-status end", SIGTERM, 0, true, true},
    {"garbage", "query-status", "ready lost:query-status end", SIGTERM, 0, true, false},
    {"garbage-after=1", "query-name query-status query-uuid",
     "ready return:query-name lost:query-status lost:query-uuid end", SIGTERM, 0, true, false},
    {"exit-mid-reply=query-uuid", "query-name query-uuid",
     "ready return:query-name lost:query-uuid end", 0, 1, true, false},
    {"powerdown-delay=30", "cont system_powerdown query-status",
     "ready RESUME return:cont POWERDOWN return:system_powerdown return:query-status SHUTDOWN end",
     0, 0, true, false},
    {"long-line=16777300", "query-status", "ready lost:query-status end", SIGTERM, 0, true, false},
    {"long-line=100000", "query-name query-status",
     "ready AAA return:query-status timeout:query-name", SIGTERM, 0, false, true},
    {"wrong-id", "query-status", "ready lost:query-status end", SIGTERM, 0, true, false},
    {"duplicate-reply", "query-status query-name", "ready return:query-status lost:query-name end",
     SIGTERM, 0, true, false},
    {"no-reply=query-status,no-reply=stop", "query-status query-name",
     "ready return:query-name timeout:query-status", SIGTERM, 0, false, true},
    {"ignore-powerdown", "cont system_powerdown query-status",
     "ready RESUME return:cont POWERDOWN return:system_powerdown return:query-status", SIGTERM, 0,
     false, false},
    {"ignore-quit", "quit query-status", "ready return:quit return:query-status", SIGTERM, 0, false,
     false},
    {"hang-after=1,slow=1", "query-status query-name",
     "ready return:query-status timeout:query-name", SIGKILL, -SIGKILL, false, true},
    {"event-storm=3", "query-status", "ready RTC_CHANGE RTC_CHANGE RTC_CHANGE return:query-status",
     SIGTERM, 0, false, false},
    {"stderr=no such device,exit=3", "query-status", "lost:query-status end", 0, 3, true, false},
    {"no-such-word", "query-status", "lost:query-status end", 0, 2, true, false},
};

/* The name of the long event would fill the screen. */
static void shorten(struct buffer *trace) {
    char *start = strstr(trace->data, "AAAA");
    if (!start)
        return;
    size_t length = strspn(start, "A");
    memmove(start + 3, start + length, strlen(start + length) + 1);
}

TEST(each_misbehaviour) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vm vm = launch(rows[i].faults);
        scoped(buffer_done) struct buffer trace = converse(
            vm.fd, rows[i].commands, rows[i].impatient ? SHORT_MS : LONG_MS, rows[i].to_the_end);
        shorten(&trace);
        if (strcmp(trace.data, rows[i].trace) != 0)
            fprintf(stderr, "FAKE_QEMU=\"%s\":\n", rows[i].faults);
        CHECK_STRING(trace.data, rows[i].trace);
        CHECK_INT(finish(&vm, rows[i].signal), rows[i].status);
    }
}

static char *text_of(const char *path) { /* caller frees */
    struct buffer text = {0};
    CHECK(file_read(path, 65536, &text, NULL));
    return buffer_take(&text);
}

TEST(last_words_are_on_stderr) {
    struct vm vm = launch("stderr=-device nope: no such device,exit=1");
    scoped(alloc_release) char *log = alloc_string(vm.log);
    CHECK_INT(finish(&vm, 0), 1);
    scoped(alloc_release) char *text = text_of(log);
    CHECK_STRING(text, "qemu-system-aarch64: -device nope: no such device\n");
}

TEST(no_greeting_is_silence) {
    struct vm vm = launch("no-greeting");
    CHECK(send(vm.fd, "{\"execute\":\"qmp_capabilities\"}\n", 31, 0) == 31);
    struct pollfd ready = {.fd = vm.fd, .events = POLLIN};
    CHECK_INT(poll(&ready, 1, SHORT_MS), 0);
    CHECK_INT(finish(&vm, SIGTERM), 0);
}

TEST(sigterm_that_is_ignored) {
    struct vm vm = launch("ignore-sigterm");
    scoped(buffer_done) struct buffer first = converse(vm.fd, "query-status", LONG_MS, false);
    CHECK_STRING(first.data, "ready return:query-status");
    kill(vm.pid, SIGTERM);
    close(vm.fd);
    vm.fd = connect_to(vm.socket); /* a second client is served once the first has gone */
    scoped(buffer_done) struct buffer second = converse(vm.fd, "query-name", LONG_MS, false);
    CHECK_STRING(second.data, "ready return:query-name");
    CHECK_INT(finish(&vm, SIGKILL), -SIGKILL);
}

TEST(sigusr1_makes_it_behave_anew) {
    scoped(alloc_release) char *path = scratch_path("faults");
    scratch_write(path, "hang-after=1\n", 13, 0600);
    setenv("FAKE_QEMU_FILE", path, 1);
    struct vm vm = launch("");
    unsetenv("FAKE_QEMU_FILE");
    scoped(buffer_done) struct buffer first =
        converse(vm.fd, "query-status query-name", SHORT_MS, false);
    CHECK_STRING(first.data, "ready return:query-status timeout:query-name");
    scratch_write(path, "ignore-quit", 11, 0600);
    kill(vm.pid, SIGUSR1);
    close(vm.fd);
    vm.fd = connect_to(vm.socket);
    scoped(buffer_done) struct buffer second = converse(vm.fd, "quit query-name", LONG_MS, false);
    CHECK_STRING(second.data, "ready return:quit return:query-name");
    CHECK_INT(finish(&vm, SIGTERM), 0);
}

TEST(pid_file_is_a_lock) {
    struct vm vm = launch("");
    scoped(alloc_release) char *path = alloc_string(vm.pid_file);
    scoped(alloc_release) char *log = alloc_string(vm.log);
    scoped(buffer_done) struct buffer trace = converse(vm.fd, "query-status", LONG_MS, false);
    CHECK_STRING(trace.data, "ready return:query-status");
    scoped(alloc_release) char *text = text_of(path);
    CHECK_INT(strtol(text, NULL, 10), vm.pid);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR);
    CHECK(fcntl(fd, F_GETLK, &lock) == 0);
    CHECK_INT(lock.l_type, F_WRLCK);
    CHECK_INT(lock.l_pid, vm.pid);
    close(fd);
    struct vm second = launch(""); /* the same paths: it must not start */
    CHECK_INT(finish(&second, 0), 1);
    scoped(alloc_release) char *words = text_of(log);
    CHECK_CONTAINS(words, "Cannot lock pid file");
    CHECK_INT(finish(&vm, SIGINT), 0);
    CHECK(!file_exists(path));
}

TEST(two_monitors_hear_the_same_events) {
    struct vm vm = launch("");
    scoped(alloc_release) char *spare = alloc_printf("%s.mon", vm.socket);
    scoped(buffer_done) struct buffer first = converse(vm.fd, "query-status", LONG_MS, false);
    CHECK_STRING(first.data, "ready return:query-status");
    int fd = connect_to(spare);
    scoped(buffer_done) struct buffer second = converse(fd, "cont quit", LONG_MS, true);
    CHECK_STRING(second.data, "ready RESUME return:cont SHUTDOWN return:quit end");
    close(fd);
    char bytes[4096] = "";
    size_t length = 0;
    for (ssize_t got; (got = recv(vm.fd, bytes + length, sizeof bytes - 1 - length, 0)) > 0;)
        length += (size_t)got;
    CHECK_CONTAINS(bytes, "\"event\": \"RESUME\"}\r\n");
    CHECK_CONTAINS(bytes, "\"event\": \"SHUTDOWN\"");
    CHECK(!file_exists(spare));
    CHECK(!file_exists(vm.socket));
    CHECK_INT(finish(&vm, 0), 0);
}

/* Byte for byte what QEMU 7.2 writes, but for the time. */
TEST(the_wire) {
    static const char request[] =
        "{\"execute\":\"query-status\",\"id\":1}{\"execute\":\"qmp_capabilities\",\"id\":2}\n"
        "[1] nonsense\n\n{\"execute\":\"query-name\",\"id\":\"u\"}{\"execute\":\"nope\",\"id\":4}\n"
        "{\"execute\":\"query-uuid\",\"arguments\":{\"x\":1},\"id\":null} {\"id\":6}";
    static const char expected[] =
        "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, "
        "\"package\": \"fake\"}, \"capabilities\": [\"oob\"]}}\r\n"
        "{\"id\": 1, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"Expecting capabilities "
        "negotiation with 'qmp_capabilities'\"}}\r\n"
        "{\"return\": {}, \"id\": 2}\r\n"
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"QMP input must be a JSON "
        "object\"}}\r\n"
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, expecting "
        "value\"}}\r\n"
        "{\"return\": {\"name\": \"a,b\"}, \"id\": \"u\"}\r\n"
        "{\"id\": 4, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command nope has "
        "not been found\"}}\r\n"
        "{\"id\": null, \"error\": {\"class\": \"GenericError\", \"desc\": \"Parameter 'x' is "
        "unexpected\"}}\r\n"
        "{\"id\": 6, \"error\": {\"class\": \"GenericError\", \"desc\": \"QMP input lacks member "
        "'execute'\"}}\r\n";
    struct vm vm = launch("");
    char bytes[4096] = "";
    size_t length = 0;
    CHECK(send(vm.fd, request, sizeof request - 1, 0) == (ssize_t)sizeof request - 1);
    while (length < sizeof expected - 1) {
        ssize_t got = recv(vm.fd, bytes + length, sizeof bytes - 1 - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    CHECK_STRING(bytes, expected);
    CHECK_INT(finish(&vm, SIGHUP), 0);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    unsetenv("FAKE_QEMU_FILE");
    return test_run();
}
