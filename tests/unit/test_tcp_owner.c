/* Real sockets of this process and of another one. */
#include "base/alloc.h"
#include "base/tcp_owner.h"
#include "home/access/guest_port.h"
#include "test.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int missing_family = -1;
static int asked_for; /* how many sockets of AF_ROUTE */
static int failing_sends;

/* In the place of the system's: a kernel, or a sandbox, that has no sockets of this family. */
int socket(int family, int type, int protocol) {
    int (*open)(int, int, int);
    *(void **)&open = dlsym(RTLD_NEXT, "socket");
    asked_for += family == AF_ROUTE;
    if (family != missing_family)
        return open(family, type, protocol);
    errno = EAFNOSUPPORT;
    return -1;
}

/* Likewise: one that has no memory for what is sent. */
ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    ssize_t (*pass)(int, const void *, size_t, int);
    *(void **)&pass = dlsym(RTLD_NEXT, "send");
    if (failing_sends == 0)
        return pass(fd, bytes, length, flags);
    failing_sends--;
    errno = ENOBUFS;
    return -1;
}

static struct tcp_end end_of(int fd, int (*ask)(int, struct sockaddr *, socklen_t *)) {
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;
    CHECK(ask(fd, (struct sockaddr *)&address, &length) == 0);
    return (struct tcp_end){ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

static int local_name(int fd, struct sockaddr *address, socklen_t *length) {
    return getsockname(fd, address, length);
}
static int remote_name(int fd, struct sockaddr *address, socklen_t *length) {
    return getpeername(fd, address, length);
}

static int open_socket(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0);
    return fd;
}

static int listen_on(uint32_t ip4, uint16_t port) {
    int fd = open_socket();
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(ip4), .sin_port = htons(port)};
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 4) == 0);
    return fd;
}

static int connect_to(struct tcp_end end) {
    int fd = open_socket();
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(end.ip4), .sin_port = htons(end.port)};
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

/* Another process, which has none of this one's sockets: by the end of the pipe it runs sleep(1).
 */
static pid_t start_other(void) {
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sleep", "sleep", "600", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    CHECK_INT(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    return pid;
}

static void check_sockets(void) {
    int listener = listen_on(INADDR_LOOPBACK, 0);
    struct tcp_socket listens = {.local = end_of(listener, local_name)};
    int client = connect_to(listens.local);
    struct tcp_socket connected = {end_of(client, local_name), end_of(client, remote_name)};
    struct tcp_socket wrong = connected;
    wrong.remote.port++;
    pid_t other = start_other();
    CHECK_INT(tcp_owner_is(getpid(), &listens), TCP_OWNER_PROCESS);
    CHECK_INT(tcp_owner_is(getpid(), &connected), TCP_OWNER_PROCESS);
    CHECK_INT(tcp_owner_is(getpid(), &wrong), TCP_OWNER_OTHER);
    CHECK_INT(tcp_owner_is(other, &listens), TCP_OWNER_OTHER);
    CHECK_INT(tcp_owner_is(other, &connected), TCP_OWNER_OTHER);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    CHECK_INT(tcp_owner_is(other, &listens), TCP_OWNER_OTHER);
    close(client);
    CHECK_INT(tcp_owner_is(getpid(), &connected), TCP_OWNER_OTHER);
    close(listener);
    CHECK_INT(tcp_owner_is(getpid(), &listens), TCP_OWNER_OTHER);
}

TEST(who_has_a_socket) {
    check_sockets();
}

/* The process has more descriptors than one look at its list returns. */
TEST(a_socket_is_found_among_many_descriptors) {
    enum { MANY = 400 };
    int others[MANY];
    int listener = listen_on(INADDR_LOOPBACK, 0);
    struct tcp_socket listens = {.local = end_of(listener, local_name)};
    int first = connect_to(listens.local);
    for (int i = 0; i < MANY; i++)
        others[i] = fcntl(0, F_DUPFD_CLOEXEC, 0);
    int last = connect_to(listens.local);
    struct tcp_socket old = {end_of(first, local_name), end_of(first, remote_name)};
    struct tcp_socket new = {end_of(last, local_name), end_of(last, remote_name)};
    for (int i = 0; i < 2; i++) { /* each leaves its number for the next look */
        CHECK_INT(tcp_owner_is(getpid(), &old), TCP_OWNER_PROCESS);
        CHECK_INT(tcp_owner_is(getpid(), &new), TCP_OWNER_PROCESS);
    }
    close(first);
    CHECK_INT(tcp_owner_is(getpid(), &old), TCP_OWNER_OTHER);
    for (int i = 0; i < MANY; i++)
        close(others[i]);
    close(last);
    close(listener);
}

/* More sockets than numbers are kept of, in every order, and no longer when they are closed. */
TEST(sockets_are_found_in_turn) {
    enum { SOME = 5 }; /* as many as wait at a listener */
    int listener = listen_on(INADDR_LOOPBACK, 0), fds[SOME];
    struct tcp_socket all[SOME], listens = {.local = end_of(listener, local_name)};
    pid_t other = start_other();
    for (int i = 0; i < SOME; i++) {
        fds[i] = connect_to(listens.local);
        all[i] = (struct tcp_socket){end_of(fds[i], local_name), end_of(fds[i], remote_name)};
    }
    for (int step = 1; step < SOME; step++) {
        for (int i = 0, at = 0; i < SOME; i++, at = (at + step) % SOME) {
            CHECK_INT(tcp_owner_is(getpid(), &all[at]), TCP_OWNER_PROCESS);
            CHECK_INT(tcp_owner_is(other, &all[at]), TCP_OWNER_OTHER);
        }
    }
    for (int i = 0; i < SOME; i++) {
        close(fds[i]);
        CHECK_INT(tcp_owner_is(getpid(), &all[i]), TCP_OWNER_OTHER);
    }
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    close(listener);
}

/* Without descriptors to spare nothing is said of the process that is not so, and nothing is sent
 * to a port. */
TEST(who_cannot_look_says_so) {
    pid_t other = start_other();
    int listener = listen_on(INADDR_LOOPBACK, 0);
    struct tcp_socket listens = {.local = end_of(listener, local_name)};
    int client = connect_to(listens.local);
    struct tcp_socket connected = {end_of(client, local_name), end_of(client, remote_name)};
    struct store_instance instance = {.name = (char[]){"web"}, .ssh_port = listens.local.port};
    struct error error = {0};
    struct rlimit limit, none = {0};
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none.rlim_max = limit.rlim_max;
    CHECK_INT(tcp_owner_is(getpid(), &listens),
              TCP_OWNER_PROCESS); /* whose number is tried first */
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    enum tcp_owner owner = tcp_owner_is(getpid(), &connected);
    bool sends = guest_port_check(&instance, other, &error);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(owner == TCP_OWNER_NOT_NOW || owner == TCP_OWNER_PROCESS);
    CHECK(!sends);
    CHECK_CONTAINS(error.text, "nothing was sent to web: ");
    CHECK(guest_port_check(&instance, getpid(), NULL));
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    CHECK_INT(tcp_owner_is(getpid(), &connected), TCP_OWNER_PROCESS);
    close(client);
    close(listener);
}

/* That the kernel could not be asked at first does not mean that there is no such socket. */
TEST(what_fails_once_is_not_absent) {
    int listener = listen_on(INADDR_LOOPBACK, 0);
    int client = connect_to(end_of(listener, local_name));
    struct tcp_socket connected = {end_of(client, local_name), end_of(client, remote_name)};
    failing_sends = 1;
    CHECK_INT(tcp_owner_is(getpid(), &connected), TCP_OWNER_PROCESS);
    failing_sends = 0;
    close(client);
    close(listener);
}

TEST(the_kernel_is_asked_again_through_the_same_socket) {
    check_sockets();
    asked_for = 0;
    check_sockets();
    CHECK_INT(asked_for, 0);
}

/* On a port of all addresses, others are found too. */
static void check_listener(void) {
    int listener = listen_on(INADDR_ANY, 0);
    struct tcp_socket asked = {.local = {INADDR_LOOPBACK, end_of(listener, local_name).port}};
    scoped(alloc_release) char *expected = alloc_printf("process %ld (", (long)getpid());
    scoped(alloc_release) char *told = tcp_owner_describe(&asked);
    CHECK_CONTAINS(told, expected);
    close(listener);
    scoped(alloc_release) char *nobody = tcp_owner_describe(&asked);
    CHECK_STRING(nobody, "no process that can be seen");
}

TEST(who_listens_is_told) {
    check_listener();
}

static void *check_both(void *context) {
    check_sockets();
    check_listener();
    return context;
}

/* AF_ROUTE is another name of Linux's AF_NETLINK; another thread has no socket of it yet. */
TEST(the_table_tells_the_same) {
    pthread_t thread;
    missing_family = AF_ROUTE;
    CHECK(pthread_create(&thread, NULL, check_both, NULL) == 0 && pthread_join(thread, NULL) == 0);
    missing_family = -1;
}

int main(void) {
    return test_run();
}
