/* Stands in for qemu-system-aarch64 in tests of what the real one will not do on request: takes the
 * command line that pgsup gives, holds the pid file, listens where it is told to, speaks QMP, and
 * misbehaves as fake_faults.h says. There is no guest: its console greets and echoes. */
#include "fake_faults.h"
#include "fake_machine.h"
#include "fake_options.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PASSED_MOST   8    /* descriptors, in one message and of one client */
#define LAST_WORDS_MS 1000 /* what a client that does not read may hold up the end */

struct port { /* one chardev: a listener, and one client at a time as QEMU has it */
    int listener, client;
    struct fake_monitor *monitor; /* NULL: no QMP */
    int passed[PASSED_MOST];      /* by the client, for as long as it is there */
    int passed_count;
    struct buffer echo;
    size_t written; /* bytes of its output that are on their way */
};

struct fake {
    struct fake_options options;
    struct fake_machine machine;
    struct port ports[FAKE_CHARDEVS];
};

static int signal_pipe[2];

static void on_signal(int number, siginfo_t *info, void *context) {
    int saved = errno, words[2] = {number, (int)info->si_pid};
    (void)context;
    if (write(signal_pipe[1], words, sizeof words) < 0)
        _exit(1);
    errno = saved;
}

static void fail(const char *what, const char *why) {
    fprintf(stderr, "qemu-system-aarch64: %s: %s\n", what, why);
    exit(1);
}

/* --- the process --- */

static void catch_signals(void) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    if (pipe(signal_pipe) < 0)
        fail("pipe", strerror(errno));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* QEMU holds a write lock on the file for as long as it lives: the descriptor stays open. */
static void hold_pid_file(const char *path) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        fail("cannot create PID file: Cannot open pid file", strerror(errno));
    if (fcntl(fd, F_SETLK, &lock) < 0)
        fail("cannot create PID file: Cannot lock pid file", strerror(errno));
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)length) != length)
        fail("cannot create PID file: Failed to write pid file", strerror(errno));
}

static int bind_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (strlen(path) >= sizeof address.sun_path)
        fail("UNIX socket path is too long", path);
    strcpy(address.sun_path, path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("Failed to bind socket", strerror(errno));
    return fd;
}

static void open_ports(struct fake *fake) {
    int monitors = 0;
    for (int i = 0; i < fake->options.chardev_count; i++) {
        const struct fake_chardev *chardev = &fake->options.chardevs[i];
        struct port *port = &fake->ports[i];
        port->listener = chardev->path ? bind_at(chardev->path) : chardev->fd;
        port->client = -1;
        if (listen(port->listener, 1) < 0)
            fail("Failed to listen on socket", strerror(errno));
        fcntl(port->listener, F_SETFL, O_NONBLOCK);
        if (chardev->control && monitors < FAKE_MONITORS)
            port->monitor = &fake->machine.monitors[monitors++];
    }
}

/* QEMU removes the path of every listening socket, also of one that was passed to it. */
static void clean_up(struct fake *fake) {
    for (int i = 0; i < fake->options.chardev_count; i++) {
        struct sockaddr_un address = {0};
        socklen_t length = sizeof address - 1;
        if (getsockname(fake->ports[i].listener, (struct sockaddr *)&address, &length) == 0 &&
            address.sun_path[0])
            unlink(address.sun_path);
        buffer_done(&fake->ports[i].echo);
    }
    if (fake->options.pid_file)
        unlink(fake->options.pid_file);
}

/* --- one chardev --- */

static struct buffer *output_of(struct port *port) {
    return port->monitor ? &port->monitor->output : &port->echo;
}

static void drop_client(struct port *port) {
    close(port->client);
    port->client = -1;
    while (port->passed_count > 0)
        close(port->passed[--port->passed_count]);
    if (port->monitor)
        fake_machine_leave(port->monitor);
    buffer_clear(&port->echo);
    port->written = 0;
}

static void accept_client(struct fake *fake, struct port *port) {
    port->client = accept(port->listener, NULL, NULL);
    if (port->client < 0)
        return;
    fcntl(port->client, F_SETFL, O_NONBLOCK);
    fcntl(port->client, F_SETFD, FD_CLOEXEC);
    if (port->monitor)
        fake_machine_greet(&fake->machine, port->monitor);
    else
        buffer_printf(&port->echo, "fake console of %s\r\n%s",
                      fake->options.name ? fake->options.name : "nobody",
                      fake->machine.faults.console ? fake->machine.faults.console : "");
}

/* As QMP's getfd needs it. */
static void keep_passed(struct port *port, const struct cmsghdr *rights) {
    if (!rights || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS)
        return;
    const char *fds = (const char *)CMSG_DATA(rights);
    for (size_t left = rights->cmsg_len - CMSG_LEN(0); left >= sizeof(int); left -= sizeof(int)) {
        int fd;
        memcpy(&fd, fds, sizeof fd);
        fds += sizeof fd;
        if (port->passed_count < PASSED_MOST)
            port->passed[port->passed_count++] = fd;
        else
            close(fd);
    }
}

static ssize_t receive(struct port *port, char *bytes, size_t length) {
    union {
        struct cmsghdr head; /* aligns it */
        char bytes[CMSG_SPACE(PASSED_MOST * sizeof(int))];
    } control;
    struct iovec piece = {bytes, length};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t got = recvmsg(port->client, &message, 0);
    if (got > 0)
        keep_passed(port, CMSG_FIRSTHDR(&message));
    return got;
}

static void read_client(struct port *port) {
    char chunk[16384];
    ssize_t got = receive(port, chunk, sizeof chunk);
    if (got > 0)
        buffer_append(port->monitor ? &port->monitor->input : &port->echo, chunk, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        drop_client(port);
}

static void write_client(struct port *port) {
    struct buffer *output = output_of(port);
    while (port->client >= 0 && output->length > 0) {
        ssize_t put =
            write(port->client, output->data + port->written, output->length - port->written);
        if (put > 0)
            port->written += (size_t)put;
        if (port->written == output->length) { /* not moved forward before: it may be 100 MB */
            buffer_clear(output);
            port->written = 0;
        } else if (put > 0)
            continue;
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            drop_client(port);
    }
}

/* --- the loop --- */

static void read_signal(struct fake *fake) {
    int words[2];
    if (read(signal_pipe[0], words, sizeof words) != (ssize_t)sizeof words)
        return;
    if (words[0] == SIGUSR1) {
        fake_machine_behave_anew(&fake->machine);
        return;
    }
    fake_machine_signal(&fake->machine);
    if (fake->machine.ending)
        fprintf(stderr, "qemu-system-aarch64: terminating on signal %d from pid %d (fake)\n",
                words[0], words[1]);
}

static int wait_ms(const struct fake *fake) {
    uint64_t due_ms = fake_machine_due_ms(&fake->machine), now_ms = clock_monotonic_ms();
    if (due_ms == UINT64_MAX)
        return -1;
    return due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
}

/* A QEMU that hangs reads nothing, writes nothing and accepts nobody; signals wait as well. */
static void turn(struct fake *fake) {
    struct pollfd ready[FAKE_CHARDEVS + 1] = {{.fd = signal_pipe[0], .events = POLLIN}};
    int count = fake->machine.hanging ? 0 : fake->options.chardev_count;
    for (int i = 0; i < count; i++) {
        struct port *port = &fake->ports[i];
        bool pending = output_of(port)->length > 0;
        ready[i + 1].fd = port->client >= 0 ? port->client : port->listener;
        ready[i + 1].events = port->client >= 0 && pending ? POLLIN | POLLOUT : POLLIN;
    }
    poll(ready, (nfds_t)count + 1, wait_ms(fake));
    if (ready[0].revents)
        read_signal(fake);
    for (int i = 0; i < count; i++) {
        struct port *port = &fake->ports[i];
        if (ready[i + 1].revents && port->client < 0)
            accept_client(fake, port);
        else if (ready[i + 1].revents & (POLLIN | POLLHUP | POLLERR))
            read_client(port);
    }
    fake_machine_work(&fake->machine, clock_monotonic_ms());
    for (int i = 0; i < count; i++)
        write_client(&fake->ports[i]);
}

static void write_last_words(struct fake *fake) {
    uint64_t until_ms = clock_monotonic_ms() + LAST_WORDS_MS;
    for (int i = 0; i < fake->options.chardev_count; i++) {
        struct port *port = &fake->ports[i];
        write_client(port);
        while (port->client >= 0 && output_of(port)->length > 0 &&
               clock_monotonic_ms() < until_ms) {
            struct pollfd ready = {.fd = port->client, .events = POLLOUT};
            poll(&ready, 1, LAST_WORDS_MS);
            write_client(port);
        }
    }
}

static void fail_at_start(const struct fake_faults *faults) {
    if (faults->stderr_text)
        fprintf(stderr, "qemu-system-aarch64: %s\n", faults->stderr_text);
    if (faults->exit_status >= 0)
        exit((int)faults->exit_status);
}

int main(int argc, char **argv) {
    struct fake fake = {0};
    (void)argc;
    if (fake_options_help(argv))
        return 0;
    if (!fake_faults_read(&fake.machine.faults))
        return 2;
    fail_at_start(&fake.machine.faults);
    fake_options_read(&fake.options, argv);
    fake.machine.name = alloc_string(fake.options.name);
    fake.machine.uuid = alloc_string(fake.options.uuid);
    fake.machine.running = !fake.options.stopped;
    fake.machine.prelaunch = fake.options.stopped;
    catch_signals();
    if (fake.options.pid_file)
        hold_pid_file(fake.options.pid_file);
    open_ports(&fake);
    while (!fake.machine.ending)
        turn(&fake);
    write_last_words(&fake);
    clean_up(&fake);
    int status = fake.machine.status;
    fake_machine_done(&fake.machine);
    fake_options_done(&fake.options);
    return status;
}
