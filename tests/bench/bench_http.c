/* Asks an HTTP server on 127.0.0.1 for documents, as many guests do at once.
 *
 *     bench_http PORT REQUESTS < PATHS       REQUESTS of each connection; 1: a new one for each
 * request
 *
 * Each line of PATHS is a client: its documents, between spaces, which it asks for in turn; it
 * keeps its connection alive unless REQUESTS is 1. Then each document of each line is asked for
 * once. A number among them is an inherited socket, for its next connection. Prints "SERVED of
 * WANTED, PER_SECOND a second, P50 P99 MOST ms"; asserts nothing about time. A connection that is
 * closed early ends its client; an answer that is no 200 is not counted.
 */
#include "base/alloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MOST   4096u
#define DOCUMENTS_MOST 8u
#define ANSWER_BYTES   (1u << 20)
#define TIMEOUT_MS     60000

struct client {
    char *documents[DOCUMENTS_MOST];
    size_t count, next; /* document */
    int sockets[DOCUMENTS_MOST];
    size_t socket_count, dialled;
    size_t asked, wanted;
    char *answer;
    size_t length;
    double began_ms;
};

static struct client clients[CLIENTS_MOST];
static struct pollfd polled[CLIENTS_MOST];
static struct {
    size_t clients, wanted, served;
    double *ms;
    bool anew; /* a connection for each request */
    struct sockaddr_in address;
} run;

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "bench_http: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void ask(size_t index) {
    struct client *client = &clients[index];
    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\n"
                          "Connection: %s\r\n\r\n",
                          client->documents[client->next], run.anew ? "close" : "keep-alive");
    client->next = (client->next + 1) % client->count;
    client->asked++;
    client->length = 0;
    if (!run.anew)
        client->began_ms = now_ms();
    if (send(polled[index].fd, request, (size_t)length, MSG_NOSIGNAL) != length)
        fail("cannot ask");
    polled[index].events = POLLIN;
}

static int next_socket(struct client *client) {
    bool inherited = client->dialled < client->socket_count;
    int fd = inherited ? client->sockets[client->dialled] : socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        fail("cannot open a socket");
    client->dialled++;
    return fd;
}

/* Asks as soon as it is connected. */
static void dial(size_t index) {
    int one = 1, fd = next_socket(&clients[index]);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    clients[index].began_ms = now_ms();
    if (connect(fd, (struct sockaddr *)&run.address, sizeof run.address) < 0)
        fail("cannot connect");
    polled[index].fd = fd;
    ask(index);
}

static void hang_up(size_t index) {
    shutdown(polled[index].fd, SHUT_RDWR); /* even if another process has it too */
    close(polled[index].fd);
    polled[index].fd = -1;
}

/* Of an answer that is whole; 0: it is not. */
static size_t answer_length(const struct client *client) {
    client->answer[client->length] = 0;
    const char *end = strstr(client->answer, "\r\n\r\n");
    const char *field = strcasestr(client->answer, "\r\nContent-Length:");
    if (!end || !field || field > end)
        return 0;
    size_t whole = (size_t)(end + 4 - client->answer) +
                   strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
    return client->length >= whole ? whole : 0;
}

static void take_answer(size_t index) {
    struct client *client = &clients[index];
    if (strncmp(client->answer, "HTTP/1.", strlen("HTTP/1.")) == 0 &&
        strncmp(client->answer + strlen("HTTP/1.x"), " 200 ", strlen(" 200 ")) == 0)
        run.ms[run.served++] = now_ms() - client->began_ms;
    if (client->asked == client->wanted) {
        hang_up(index);
    } else if (run.anew) {
        hang_up(index);
        dial(index);
    } else {
        ask(index);
    }
}

static void hear(size_t index) {
    struct client *client = &clients[index];
    ssize_t got =
        recv(polled[index].fd, client->answer + client->length, ANSWER_BYTES - client->length, 0);
    if (got <= 0) {
        hang_up(index);
        return;
    }
    client->length += (size_t)got;
    if (answer_length(client))
        take_answer(index);
}

static void take_word(struct client *client, const char *word) {
    if (word[0] == '/' && client->count < DOCUMENTS_MOST)
        client->documents[client->count++] = alloc_string(word);
    else if (word[0] != '/' && client->socket_count < DOCUMENTS_MOST)
        client->sockets[client->socket_count++] = (int)strtol(word, NULL, 10);
}

static void read_paths(size_t requests) {
    static char line[4096];
    while (run.clients < CLIENTS_MOST && fgets(line, sizeof line, stdin)) {
        struct client *client = &clients[run.clients];
        for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
            take_word(client, word);
        if (!client->count)
            continue;
        client->wanted = run.anew ? client->count : requests;
        client->answer = alloc_zero(ANSWER_BYTES + 1);
        run.wanted += client->wanted;
        run.clients++;
    }
    run.ms = alloc_zero((run.wanted + 1) * sizeof *run.ms);
}

static void talk(void) {
    for (size_t i = 0; i < run.clients; i++)
        dial(i);
    for (size_t open = run.clients; open;) {
        if (poll(polled, (nfds_t)run.clients, TIMEOUT_MS) <= 0)
            fail("no answer");
        open = 0;
        for (size_t i = 0; i < run.clients; i++) {
            if (polled[i].fd >= 0 && polled[i].revents)
                hear(i);
            open += polled[i].fd >= 0;
        }
    }
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double at(double part) {
    return run.served ? run.ms[(size_t)((double)(run.served - 1) * part)] : 0;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: bench_http PORT REQUESTS < PATHS\n");
        return 2;
    }
    size_t requests = strtoul(argv[2], NULL, 10);
    run.anew = requests == 1;
    run.address = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                                       .sin_addr = {htonl(INADDR_LOOPBACK)}};
    read_paths(requests);
    double began_ms = now_ms();
    talk();
    double took_ms = now_ms() - began_ms;
    qsort(run.ms, run.served, sizeof *run.ms, by_size);
    printf("%zu of %zu, %.0f a second, %.3f %.3f %.3f ms\n", run.served, run.wanted,
           (double)run.served * 1000 / took_ms, at(0.5), at(0.99), at(1));
    return 0;
}
