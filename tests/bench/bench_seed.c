/* What the answer to a guest that asks for its seed costs: the seed server of a home on a loop, and
 * one connection that asks for the four documents of the home's first instance in turn.
 *
 *     bench_seed HOME ROUNDS
 *
 * Prints how many answers there were and how long the last ones are; asserts nothing about time.
 * Counted by unit/check_instructions.py. */
#include "base/alloc.h"
#include "daemon/seed_server.h"
#include "store/instance_table.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES 65536
#define TURNS        100 /* of the loop, at most, until the answer is written */

struct run {
    uv_loop_t loop;
    struct home home;
    struct seed_server *server;
    uint16_t port;
    int client;
    size_t documents, bytes;
};

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "bench_seed: %s\n", what);
    exit(1);
}

static void on_document(void *context, const struct store_instance *instance,
                        enum seed_document document, const struct seed_caller *from) {
    struct run *run = context;
    (void)instance;
    (void)document;
    (void)from;
    run->documents++;
}

static void on_refused(void *context, const char *peer, const char *why) {
    (void)context;
    (void)peer;
    fail(why);
}

static uint16_t free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        fail("there is no free port");
    close(fd);
    return ntohs(address.sin_port);
}

static void open_server(struct run *run, const char *path) {
    struct error error = {0};
    struct seed_server_options options = {
        .address = "127.0.0.1",
        .calls = {.on_document = on_document, .on_refused = on_refused, .context = run},
    };
    options.port = run->port = free_port();
    uv_loop_init(&run->loop);
    if (!home_open(path, &run->home, &error) ||
        !(run->server = seed_server_open(&run->loop, &run->home, &options, &error)))
        fail(error.text);
}

static void connect_client(struct run *run) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(run->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    run->client = socket(AF_INET, SOCK_STREAM, 0);
    if (run->client < 0 || connect(run->client, (struct sockaddr *)&address, sizeof address) < 0)
        fail("cannot connect");
}

static void ask(struct run *run, const char *path) {
    static char answer[ANSWER_BYTES];
    char request[512];
    ssize_t length = snprintf(request, sizeof request,
                              "GET %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\n\r\n", path);
    size_t wanted = run->documents + 1;
    if (send(run->client, request, (size_t)length, MSG_NOSIGNAL) != length)
        fail("cannot ask");
    for (int i = 0; i < TURNS && run->documents < wanted; i++)
        uv_run(&run->loop, UV_RUN_ONCE);
    length = recv(run->client, answer, sizeof answer, 0);
    if (length <= 0 || strncmp(answer, "HTTP/1.1 200 ", strlen("HTTP/1.1 200 ")) != 0)
        fail("the answer is another one");
    run->bytes += (size_t)length;
}

static void ask_for_all(struct run *run, const char *token) {
    run->bytes = 0;
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        scoped(alloc_release) char *path =
            alloc_printf("/seed/%s/%s", token, seed_document_name((enum seed_document)i));
        ask(run, path);
    }
}

int main(int argc, char **argv) {
    struct run run = {0};
    struct store_instances instances = {0};
    struct error error = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: bench_seed HOME ROUNDS\n");
        return 2;
    }
    open_server(&run, argv[1]);
    if (!instance_table_list(run.home.store, &instances, &error) || !instances.count)
        fail("the home has no instance");
    connect_client(&run);
    for (long round = strtol(argv[2], NULL, 10); round > 0; round--)
        ask_for_all(&run, instances.items[0].token);
    printf("%zu answers, the last four of %zu bytes\n", run.documents, run.bytes);
    close(run.client);
    seed_server_close(run.server);
    uv_run(&run.loop, UV_RUN_DEFAULT);
    uv_loop_close(&run.loop);
    store_instances_done(&instances);
    home_close(&run.home);
    return 0;
}
