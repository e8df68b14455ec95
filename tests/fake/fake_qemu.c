/* Stands in for qemu-system-aarch64 where a test wants what the real one will not do on request;
 * see misbehaviour.h. Takes the supervisor's command line, runs no guest: "cont" makes it say
 * something on its console, the power button ends it. All that it says on QMP is as QEMU 7.2 says
 * it. */
#include "command_line.h"
#include "misbehaviour.h"
#include "monitor.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NEVER UINT64_MAX

static const char boot_text[] = "UEFI firmware (fake)\r\nLinux version 6.1.0 (fake)\r\n\r\nlogin: ";

struct fake {
    struct command_line line;
    struct misbehaviour misbehaviour;
    struct monitor monitors[LINE_SOCKETS];
    int monitor_count;
    int console_listener, console; /* -1: none */
    const char *status;            /* as query-status says */
    bool booted, pressed, ending;
    uint64_t off_at_ms; /* when the guest powers off, NEVER */
    int signals[2];     /* a pipe from the handler */
};

static struct fake fake = {.console_listener = -1, .console = -1, .off_at_ms = NEVER};

/* --- the machine --- */

static void event(const char *name, json_t *data) {
    for (int i = 0; i < fake.monitor_count; i++)
        monitor_event(&fake.monitors[i], name, data);
    json_decref(data);
}

static json_t *reason_data(bool guest, const char *reason) {
    return json_pack("{s:b, s:s}", "guest", guest, "reason", reason);
}

static void end(bool guest, const char *reason) {
    event("SHUTDOWN", reason_data(guest, reason));
    fake.status = "shutdown";
    fake.ending = true;
}

/* A press while the machine is paused is seen when it goes on. */
static void feel_button(void) {
    if (fake.pressed && !fake.misbehaviour.ignore_powerdown && fake.off_at_ms == NEVER &&
        strcmp(fake.status, "running") == 0)
        fake.off_at_ms = clock_monotonic_ms() + (uint64_t)fake.misbehaviour.powerdown_ms;
}

static void say(const char *text, size_t length) {
    if (fake.console >= 0 && write(fake.console, text, length) < 0 && errno != EAGAIN) {
        close(fake.console);
        fake.console = -1;
    }
}

static void boot(void) {
    if (fake.booted || strcmp(fake.status, "running") != 0)
        return;
    fake.booted = true;
    say(boot_text, sizeof boot_text - 1);
}

static json_t *do_cont(void) {
    if (strcmp(fake.status, "running") != 0)
        event("RESUME", NULL);
    fake.status = "running";
    boot();
    feel_button();
    return json_object();
}

static json_t *do_stop(void) {
    if (strcmp(fake.status, "running") == 0) {
        event("STOP", NULL);
        fake.status = "paused";
    }
    return json_object();
}

static json_t *do_powerdown(void) {
    event("POWERDOWN", NULL);
    fake.pressed = true;
    feel_button();
    return json_object();
}

static json_t *do_reset(void) {
    event("RESET", reason_data(false, "host-qmp-system-reset"));
    if (strcmp(fake.status, "paused") == 0)
        fake.status = "prelaunch";
    fake.booted = fake.pressed = false;
    fake.off_at_ms = NEVER;
    boot();
    return json_object();
}

static json_t *do_quit(void) {
    if (!fake.misbehaviour.ignore_quit)
        end(false, "host-qmp-quit");
    return json_object();
}

static json_t *query_status(void) {
    return json_pack("{s:s, s:b, s:b}", "status", fake.status, "singlestep", 0, "running",
                     strcmp(fake.status, "running") == 0);
}

static json_t *query_name(void) {
    return *fake.line.name ? json_pack("{s:s}", "name", fake.line.name) : json_object();
}

static json_t *query_uuid(void) {
    return json_pack("{s:s}", "UUID",
                     *fake.line.uuid ? fake.line.uuid : "00000000-0000-0000-0000-000000000000");
}

static json_t *query_version(void) {
    return json_pack("{s:{s:i, s:i, s:i}, s:s}", "qemu", "micro", 22, "minor", 2, "major", 7,
                     "package", "Debian 1:7.2+dfsg-7+deb12u18+b3");
}

static json_t *query_block(void) {
    return json_pack("[{s:s, s:s, s:b, s:b, s:s, s:s}]", "io-status", "ok", "device", "", "locked",
                     0, "removable", 0, "qdev", "/machine/peripheral/vda/virtio-backend", "type",
                     "unknown");
}

static json_t *query_jobs(void) {
    return json_array();
}

static json_t *execute(void *owner, const char *command, struct monitor_failure *failure) {
    static const struct {
        const char *command;
        json_t *(*run)(void);
    } commands[] = {
        {"query-status", query_status},
        {"query-name", query_name},
        {"query-uuid", query_uuid},
        {"query-version", query_version},
        {"query-block", query_block},
        {"query-jobs", query_jobs},
        {"stop", do_stop},
        {"cont", do_cont},
        {"system_powerdown", do_powerdown},
        {"system_reset", do_reset},
        {"quit", do_quit},
    };
    (void)owner;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].command, command) == 0)
            return commands[i].run();
    failure->class = "CommandNotFound";
    snprintf(failure->text, sizeof failure->text, "The command %s has not been found", command);
    return NULL;
}

/* --- start --- */

/* A lock for as long as the process lives, so that F_GETLK tells the live pid. */
static void write_pid_file(const char *path) {
    char text[32];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        command_line_refuse("cannot create PID file: Cannot open pid file: %s", strerror(errno));
    if (fcntl(fd, F_SETLK, &lock) < 0)
        command_line_refuse("cannot create PID file: Cannot lock pid file: %s", strerror(errno));
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)length) != length)
        command_line_refuse("cannot create PID file: Failed to write pid file");
}

static int listen_at(const struct command_line_socket *socket_line) {
    int fd = socket_line->fd;
    if (fd < 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if (strlen(socket_line->path) >= sizeof address.sun_path)
            command_line_refuse("-chardev socket,id=%s: UNIX socket path '%s' is too long",
                                socket_line->id, socket_line->path);
        strcpy(address.sun_path, socket_line->path);
        unlink(socket_line->path); /* whoever owns it by now, as QEMU does */
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
            command_line_refuse("-chardev socket,id=%s: Failed to bind socket to %s: %s",
                                socket_line->id, socket_line->path, strerror(errno));
    }
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || listen(fd, 1) < 0)
        command_line_refuse("-chardev socket,id=%s,fd=%d: %s", socket_line->id, fd,
                            strerror(errno));
    return fd;
}

static void open_sockets(void) {
    struct monitor *chosen = NULL;
    for (int i = 0; i < fake.line.count; i++) {
        const struct command_line_socket *socket_line = &fake.line.sockets[i];
        int fd = listen_at(socket_line);
        if (socket_line->use == LINE_CONSOLE)
            fake.console_listener = fd;
        if (socket_line->use != LINE_MONITOR)
            continue;
        struct monitor *monitor = &fake.monitors[fake.monitor_count++];
        monitor_init(monitor, fd, &fake.misbehaviour);
        monitor->execute = execute;
        if (!chosen || strcmp(socket_line->id, "qmp") == 0)
            chosen = monitor;
    }
    if (chosen)
        chosen->faulty = true;
}

static void on_signal(int number, siginfo_t *information, void *context) {
    int saved = errno;
    int message[2] = {number, (int)information->si_pid};
    (void)context;
    if (write(fake.signals[1], message, sizeof message) < 0)
        _exit(98); /* nobody reads any more */
    errno = saved;
}

static void catch_signals(void) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    if (pipe(fake.signals) < 0)
        command_line_refuse("pipe: %s", strerror(errno));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* --- the loop --- */

static void take_signal(void) {
    int message[2];
    if (read(fake.signals[0], message, sizeof message) != sizeof message)
        return;
    if (message[0] == SIGUSR1) {
        misbehaviour_read(&fake.misbehaviour);
        feel_button();
    } else if (!fake.misbehaviour.ignore_sigterm) {
        fprintf(stderr, "qemu-system-aarch64: terminating on signal %d from pid %d (fake)\n",
                message[0], message[1]);
        end(false, "host-signal");
    }
}

static void serve_console(void) {
    char bytes[4096];
    if (fake.console < 0) {
        fake.console = accept(fake.console_listener, NULL, NULL);
        if (fake.console >= 0)
            fcntl(fake.console, F_SETFL, O_NONBLOCK);
        return;
    }
    ssize_t length = read(fake.console, bytes, sizeof bytes);
    if (length > 0) {
        say(bytes, (size_t)length); /* an echo, as a terminal's */
    } else if (length == 0 || errno != EAGAIN) {
        close(fake.console);
        fake.console = -1;
    }
}

static int wait_ms(void) {
    uint64_t now_ms = clock_monotonic_ms();
    if (fake.off_at_ms == NEVER)
        return -1;
    return fake.off_at_ms > now_ms ? (int)(fake.off_at_ms - now_ms) : 0;
}

static void turn(void) {
    struct pollfd polled[LINE_SOCKETS + 2];
    for (int i = 0; i < fake.monitor_count; i++)
        polled[i] = monitor_wants(&fake.monitors[i]);
    struct pollfd *signals = &polled[fake.monitor_count], *console = signals + 1;
    *signals = (struct pollfd){.fd = fake.signals[0], .events = POLLIN};
    *console = (struct pollfd){.fd = fake.console >= 0 ? fake.console : fake.console_listener,
                               .events = POLLIN};
    if (poll(polled, (nfds_t)fake.monitor_count + 2, wait_ms()) < 0)
        return; /* interrupted: the pipe tells at the next turn */
    if (console->revents)
        serve_console();
    for (int i = 0; i < fake.monitor_count && !fake.ending; i++)
        if (polled[i].revents)
            monitor_serve(&fake.monitors[i], polled[i].revents);
    if (signals->revents)
        take_signal();
    if (!fake.ending && fake.off_at_ms != NEVER && wait_ms() == 0)
        end(true, "guest-shutdown");
    for (int i = 0; i < fake.monitor_count; i++)
        monitor_flush(&fake.monitors[i]);
}

/* QEMU removes the paths of its sockets, also of those that it was given as descriptors. */
static void clean_up(void) {
    for (int i = 0; i < fake.monitor_count; i++) {
        struct sockaddr_un address = {0};
        socklen_t size = sizeof address;
        if (getsockname(fake.monitors[i].listener, (struct sockaddr *)&address, &size) == 0 &&
            address.sun_path[0])
            unlink(address.sun_path);
        monitor_done(&fake.monitors[i]);
    }
    if (*fake.line.pid_file)
        unlink(fake.line.pid_file);
}

int main(int argc, char **argv) {
    (void)argc;
    command_line_parse(&fake.line, argv);
    misbehaviour_read(&fake.misbehaviour);
    if (*fake.misbehaviour.stderr_text)
        fprintf(stderr, "qemu-system-aarch64: %s\n", fake.misbehaviour.stderr_text);
    if (fake.misbehaviour.exit_status >= 0)
        return (int)fake.misbehaviour.exit_status;
    fake.status = fake.line.paused ? "prelaunch" : "running";
    catch_signals();
    open_sockets();
    if (*fake.line.pid_file)
        write_pid_file(fake.line.pid_file);
    while (!fake.ending)
        turn();
    clean_up();
    return 0;
}
