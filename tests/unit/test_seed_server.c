/* A seed server that is busy with something else: what the system keeps for it meanwhile. */
#include "base/descriptors.h"
#include "daemon/seed_server.h"
#include "instance_samples.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GUESTS = 600, TIMEOUT_MS = 20000, TRIES = 5, OWN_DESCRIPTORS = 64 };

/* As many as the system keeps for anybody (macOS: 128), and as this process may open. */
static int guests_kept(void) {
    int most = 100;
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "r");
    if (file && fscanf(file, "%d", &most) != 1)
        most = 100;
    if (file)
        fclose(file);
    most = most < GUESTS ? most : GUESTS;
    int room = (int)descriptors_limit() - OWN_DESCRIPTORS;
    return most < room ? most : room;
}

static struct seed_server *open_at_free_port(uv_loop_t *loop, struct sockaddr_in *where,
                                             struct error *error) {
    socklen_t length = sizeof *where;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *where = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(bind(fd, (struct sockaddr *)where, length) == 0 &&
          getsockname(fd, (struct sockaddr *)where, &length) == 0);
    close(fd);
    const struct seed_server_options options = {.address = "127.0.0.1",
                                                .port = ntohs(where->sin_port)};
    return seed_server_open(loop, &home, &options, error);
}

/* Another process may take the port before the server does. */
static struct seed_server *open_server(uv_loop_t *loop, struct sockaddr_in *where) {
    struct seed_server *server = NULL;
    struct error error = {0};
    for (int i = 0; !server && i < TRIES; i++) {
        error = (struct error){0};
        server = open_at_free_port(loop, where, &error);
    }
    CHECK_STRING(error.text, "");
    return server;
}

static int dial(const struct sockaddr_in *where) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    CHECK(connect(fd, (const struct sockaddr *)where, sizeof *where) == 0 || errno == EINPROGRESS);
    return fd;
}

static bool is_connected(int fd) {
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    return poll(&polled, 1, TIMEOUT_MS) == 1 && polled.revents == POLLOUT;
}

/* One whose SYN is dropped tries again after a second, and after three. */
TEST(guests_that_come_at_once_are_kept_waiting_by_the_system_and_not_dropped) {
    struct sockaddr_in where;
    uv_loop_t loop;
    int fds[GUESTS];
    bool good = true;
    descriptors_raise();
    const int count = guests_kept();
    CHECK(count > 0);
    open_user("server");
    uv_loop_init(&loop);
    struct seed_server *server = open_server(&loop, &where);
    for (int i = 0; server && i < count; i++)
        fds[i] = dial(&where);
    for (int i = 0; server && i < count; i++) {
        good = good && is_connected(fds[i]);
        close(fds[i]);
    }
    CHECK(server && good);
    seed_server_close(server);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
    home_close(&home);
}

int main(void) {
    return test_run();
}
