/* A seed server that is busy with something else: what the system keeps for it meanwhile. */
#include "base/alloc.h"
#include "base/descriptors.h"
#include "daemon/seed_server.h"
#include "instance_samples.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GUESTS = 600,
    TIMEOUT_MS = 20000,
    TRIES = 5,
    OWN_DESCRIPTORS = 64,
    FEW_DESCRIPTORS = 64, /* a quarter of them for guests: so many at a time */
    PLACES = FEW_DESCRIPTORS / 4,
    PATIENT =
        PLACES + 2, /* who come at once, more than an address may have and than there are places */
};

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
                                             const struct seed_calls *calls, struct error *error) {
    socklen_t length = sizeof *where;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *where = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(bind(fd, (struct sockaddr *)where, length) == 0 &&
          getsockname(fd, (struct sockaddr *)where, &length) == 0);
    close(fd);
    const struct seed_server_options options = {
        .address = "127.0.0.1", .port = ntohs(where->sin_port), .calls = *calls};
    return seed_server_open(loop, &home, &options, error);
}

/* Another process may take the port before the server does. */
static struct seed_server *open_server(uv_loop_t *loop, struct sockaddr_in *where,
                                       const struct seed_calls *calls) {
    struct seed_server *server = NULL;
    struct error error = {0};
    for (int i = 0; !server && i < TRIES; i++) {
        error = (struct error){0};
        server = open_at_free_port(loop, where, calls, &error);
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
    struct seed_server *server = open_server(&loop, &where, &(struct seed_calls){0});
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

static void count_document(void *context, const struct store_instance *instance,
                           enum seed_document document, const struct seed_caller *from) {
    (void)instance;
    (void)document;
    (void)from;
    ++*(int *)context;
}

static void ignore_refusal(void *context, const char *peer, const char *why) {
    (void)context;
    (void)peer;
    (void)why;
}

static void ask_for_meta_data(int fd, const char *token) {
    scoped(alloc_release) char *request = alloc_printf(
        "GET /seed/%s/meta-data HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", token);
    CHECK(send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request));
}

static bool is_answered(int fd) {
    char answer[4096];
    ssize_t length = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
    return length > 0 && strncmp(answer, "HTTP/1.1 200 ", strlen("HTTP/1.1 200 ")) == 0;
}

/* What the guests sent lies there while their time passes: all of them have shown their tokens. */
static int serve_late(uv_loop_t *loop, const struct sockaddr_in *where, char *const tokens[2],
                      const int *served) {
    int fds[PATIENT], answered = 0;
    for (int i = 0; i < PATIENT; i++)
        fds[i] = dial(where);
    uv_run(loop, UV_RUN_NOWAIT); /* accepts those for whom there is a place */
    for (int i = 0; i < PATIENT; i++)
        ask_for_meta_data(fds[i], tokens[i % 2]);
    usleep((SEED_GRACE_MS + 50) * 1000);
    for (int i = 0; i < TIMEOUT_MS && *served < PATIENT; i++)
        if (uv_run(loop, UV_RUN_NOWAIT))
            usleep(1000);
    uv_run(loop, UV_RUN_NOWAIT);
    for (int i = 0; i < PATIENT; i++) {
        answered += is_answered(fds[i]);
        close(fds[i]);
    }
    return answered;
}

TEST(a_busy_server_drops_nobody_whose_request_has_come_in_time) {
    struct store_instance one = {0}, other = {0};
    struct sockaddr_in where;
    struct rlimit limit;
    uv_loop_t loop;
    int served = 0;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = FEW_DESCRIPTORS;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    open_user("busy");
    make("one", NULL, &one);
    make("other", NULL, &other);
    char *const tokens[2] = {one.token, other.token};
    const struct seed_calls calls = {
        .on_document = count_document, .on_refused = ignore_refusal, .context = &served};
    uv_loop_init(&loop);
    struct seed_server *server = open_server(&loop, &where, &calls);
    CHECK_INT(serve_late(&loop, &where, tokens, &served), PATIENT);
    seed_server_close(server);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
    store_instance_done(&one);
    store_instance_done(&other);
    home_close(&home);
}

int main(void) {
    return test_run();
}
