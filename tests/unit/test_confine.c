/* What a process can no longer do, in a child of its own each time. */
#include "base/platform.h"
#include "fetch/confine.h"
#include "scratch.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

static char *private_file;
static int opened; /* for writing, before */
static struct sockaddr_in server;

static int errno_of(int result) {
    return result < 0 ? errno : 0;
}

static int read_system_file(void) {
    return errno_of(open("/etc/passwd", O_RDONLY));
}

static int write_opened(void) {
    return errno_of(write(opened, "x", 1) == 1 && ftruncate(opened, 0) == 0 ? 0 : -1);
}

static int read_private_file(void) {
    return errno_of(open(private_file, O_RDONLY));
}

static int write_private_file(void) {
    return errno_of(open(private_file, O_WRONLY));
}

static int make_file(void) {
    scoped(alloc_release) char *path = scratch_path("made");
    return errno_of(open(path, O_WRONLY | O_CREAT, 0600));
}

static int run_program(void) {
    return errno_of(execl("/bin/true", "true", NULL));
}

static int connect_server(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return errno_of(connect(fd, (struct sockaddr *)&server, sizeof server));
}

static const struct {
    const char *name;
    int (*try)(void);
    bool network;
    bool allowed;
    bool on_linux_only; /* the twin for macOS leaves reading alone */
} rows[] = {
    {"a system file is read", read_system_file, true, true, false},
    {"what is open is written", write_opened, true, true, false},
    {"another file is not read", read_private_file, true, false, true},
    {"another file is not written", write_private_file, true, false, false},
    {"no file is made", make_file, true, false, false},
    {"no program is run", run_program, true, false, false},
    {"a download connects", connect_server, true, true, false},
    {"an unpacking does not connect", connect_server, false, false, false},
};

/* The errno of the attempt, as the status of a child. */
static int attempt(size_t row) {
    pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        confine(rows[row].network);
        _exit(rows[row].try());
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int listen_somewhere(void) {
    socklen_t size = sizeof server;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(bind(fd, (struct sockaddr *)&server, sizeof server) == 0 && listen(fd, 8) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&server, &size) == 0);
    return fd;
}

TEST(what_is_left) {
    int listener = listen_somewhere();
    private_file = scratch_path("private");
    scratch_write(private_file, "secret", 6, 0600);
    scoped(alloc_release) char *target = scratch_path("target");
    opened = open(target, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int number = attempt(i);
        if (rows[i].on_linux_only && platform_is_macos())
            continue;
        if ((number == 0) != rows[i].allowed)
            fprintf(stderr, "%s: %s\n", rows[i].name, strerror(number));
        CHECK((number == 0) == rows[i].allowed);
    }
    close(opened);
    close(listener);
    free(private_file);
}

int main(void) {
    return test_run();
}
