/* Stands in for qemu-system-aarch64 where a test wants what the real one will not do on request:
 * fake_faults.h. Takes the supervisor's command line and runs no guest. Descriptors, signals and
 * the pid file are here; what is said and done is in fake_machine.c. SIGUSR1 reads the faults anew.
 */
#include "fake_machine.h"
#include "fake_options.h"

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

struct channel {
    int listener, client;         /* client -1: none */
    struct fake_monitor *monitor; /* NULL: console or agent, echoed */
};

static struct fake_options options;
static struct fake_machine machine;
static struct channel channels[FAKE_CHARDEVS];
static int signals[2]; /* a pipe from the handler */

/* --- start --- */

static void refuse(const char *what, const char *about) {
    fprintf(stderr, "qemu-system-aarch64: %s %s: %s\n", what, about, strerror(errno));
    exit(1);
}

/* A lock for as long as the process lives, so that F_GETLK tells the live pid. */
static void write_pid_file(const char *path) {
    char text[32];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        refuse("cannot create PID file: Cannot open pid file", path);
    if (fcntl(fd, F_SETLK, &lock) < 0)
        refuse("cannot create PID file: Cannot lock pid file", path);
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)length) != length)
        refuse("cannot create PID file: Failed to write pid file", path);
}

/* Removes what is at the path, whoever owns it by now, as QEMU does. */
static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    errno = ENAMETOOLONG;
    if (strlen(path) >= sizeof address.sun_path)
        refuse("Failed to bind socket to", path);
    strcpy(address.sun_path, path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        refuse("Failed to bind socket to", path);
    return fd;
}

static void open_channels(void) {
    int monitors = 0;
    for (int i = 0; i < options.chardev_count; i++) {
        const struct fake_chardev *chardev = &options.chardevs[i];
        int fd = chardev->path ? listen_at(chardev->path) : chardev->fd;
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
            listen(fd, 1) < 0)
            refuse("cannot listen for -chardev", chardev->id ? chardev->id : "");
        channels[i] = (struct channel){.listener = fd, .client = -1};
        if (chardev->control && monitors < FAKE_MONITORS)
            channels[i].monitor = &machine.monitors[monitors++];
    }
}

static void on_signal(int number, siginfo_t *information, void *context) {
    int saved = errno, message[2] = {number, (int)information->si_pid};
    (void)context;
    if (write(signals[1], message, sizeof message) < 0)
        _exit(98); /* nobody reads any more */
    errno = saved;
}

static void catch_signals(void) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART};
    action.sa_sigaction = on_signal;
    if (pipe(signals) < 0)
        refuse("cannot make", "a pipe");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void start(char **argv) {
    fake_options_read(&options, argv);
    if (!fake_faults_read(&machine.faults))
        exit(99);
    if (machine.faults.stderr_text)
        fprintf(stderr, "qemu-system-aarch64: %s\n", machine.faults.stderr_text);
    if (machine.faults.exit_status >= 0)
        exit((int)machine.faults.exit_status);
    machine.name = options.name;
    machine.uuid = options.uuid;
    options.name = options.uuid = NULL; /* the machine's now */
    machine.running = !options.stopped;
    machine.prelaunch = options.stopped;
    catch_signals();
    open_channels();
    if (options.pid_file)
        write_pid_file(options.pid_file);
}

/* --- the loop --- */

static void drop(struct channel *channel) {
    close(channel->client);
    channel->client = -1;
    if (channel->monitor)
        fake_machine_leave(channel->monitor);
}

static void flush(struct channel *channel) {
    while (channel->client >= 0 && channel->monitor && channel->monitor->output.length > 0) {
        struct buffer *output = &channel->monitor->output;
        ssize_t written = write(channel->client, output->data, output->length);
        if (written < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (written < 0)
            drop(channel);
        else
            buffer_consume(output, (size_t)written);
    }
}

static void take_client(struct channel *channel) {
    channel->client = accept(channel->listener, NULL, NULL);
    if (channel->client < 0)
        return;
    fcntl(channel->client, F_SETFD, FD_CLOEXEC);
    fcntl(channel->client, F_SETFL, O_NONBLOCK);
    if (channel->monitor)
        fake_machine_greet(&machine, channel->monitor);
}

static void take_bytes(struct channel *channel) {
    char bytes[65536];
    ssize_t length = read(channel->client, bytes, sizeof bytes);
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
        drop(channel);
    else if (length > 0 && channel->monitor)
        buffer_append(&channel->monitor->input, bytes, (size_t)length);
    else if (length > 0 && write(channel->client, bytes, (size_t)length) < 0 && errno != EAGAIN)
        drop(channel);
}

static void take_signal(void) {
    int message[2];
    if (read(signals[0], message, sizeof message) != sizeof message)
        return;
    if (message[0] == SIGUSR1) {
        fake_faults_done(&machine.faults);
        if (!fake_faults_read(&machine.faults))
            exit(99);
        return;
    }
    if (!machine.hanging && !machine.faults.ignore_sigterm)
        fprintf(stderr, "qemu-system-aarch64: terminating on signal %d from pid %d (fake)\n",
                message[0], message[1]);
    fake_machine_signal(&machine);
}

static int wait_ms(void) {
    uint64_t due_ms = fake_machine_due_ms(&machine), now_ms = clock_monotonic_ms();
    if (due_ms == UINT64_MAX)
        return -1;
    return due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
}

static struct pollfd wants(const struct channel *channel) {
    if (machine.hanging)
        return (struct pollfd){.fd = -1};
    if (channel->client < 0)
        return (struct pollfd){.fd = channel->listener, .events = POLLIN};
    bool full = channel->monitor && channel->monitor->output.length > 0;
    return (struct pollfd){.fd = channel->client, .events = full ? POLLIN | POLLOUT : POLLIN};
}

static void turn(void) {
    struct pollfd polled[FAKE_CHARDEVS + 1];
    int count = options.chardev_count;
    for (int i = 0; i < count; i++)
        polled[i] = wants(&channels[i]);
    polled[count] = (struct pollfd){.fd = signals[0], .events = POLLIN};
    if (poll(polled, (nfds_t)count + 1, wait_ms()) < 0)
        return; /* interrupted: the pipe tells at the next turn */
    for (int i = 0; i < count && !machine.ending; i++) {
        if (channels[i].client < 0 && polled[i].revents)
            take_client(&channels[i]);
        else if (polled[i].revents & (POLLIN | POLLHUP | POLLERR))
            take_bytes(&channels[i]);
    }
    if (polled[count].revents)
        take_signal();
    if (!machine.ending)
        fake_machine_work(&machine, clock_monotonic_ms());
    for (int i = 0; i < count; i++)
        flush(&channels[i]);
}

/* QEMU removes the paths of its sockets, also of those that it was given as descriptors. */
static void remove_files(void) {
    for (int i = 0; i < options.chardev_count; i++) {
        struct sockaddr_un address = {0};
        socklen_t size = sizeof address;
        if (getsockname(channels[i].listener, (struct sockaddr *)&address, &size) == 0 &&
            address.sun_path[0])
            unlink(address.sun_path);
    }
    if (options.pid_file)
        unlink(options.pid_file);
}

int main(int argc, char **argv) {
    (void)argc;
    if (fake_options_help(argv))
        return 0;
    start(argv);
    while (!machine.ending)
        turn();
    remove_files();
    int status = machine.status;
    fake_machine_done(&machine);
    fake_options_done(&options);
    return status;
}
