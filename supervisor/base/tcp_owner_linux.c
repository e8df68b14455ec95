#include "base/tcp_owner.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/platform.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NUMBER_SIZE  16
#define NUMBERS_KEPT 4
#define LINK_SIZE    64 /* "socket:[18446744073709551615]" */
#define LIST_BYTES   4096
#define LIST_NAMES   (LIST_BYTES / (int)offsetof(struct dirent64, d_name))
#define STATE_LISTEN 0x0a

struct row { /* of the table of sockets; inode 0: it belongs to no process any more */
    struct tcp_socket socket;
    unsigned state;
    uid_t user;
    unsigned long inode;
};

/* proc_net_tcp(5): addresses are printed as the number that they are in memory. */
static bool read_row(const char *line, struct row *row) {
    unsigned local, local_port, remote, remote_port, user;
    if (sscanf(line, " %*u: %8X:%4X %8X:%4X %2X %*8X:%*8X %*2X:%*8X %*8X %u %*u %lu", &local,
               &local_port, &remote, &remote_port, &row->state, &user, &row->inode) != 7)
        return false;
    row->socket = (struct tcp_socket){{ntohl(local), (uint16_t)local_port},
                                      {ntohl(remote), (uint16_t)remote_port}};
    row->user = user;
    return true;
}

static bool same_end(const struct tcp_end *one, const struct tcp_end *other) {
    return one->ip4 == other->ip4 && one->port == other->port;
}

static bool is_it(const struct row *row, const struct tcp_socket *socket) {
    bool listens = socket->remote.port == 0;
    return same_end(&row->socket.local, &socket->local) &&
           (row->state == STATE_LISTEN) == listens &&
           (listens || same_end(&row->socket.remote, &socket->remote));
}

/* The whole table: milliseconds on a host with thousands of connections. Inode 0: there is none;
 * false with errno: the table cannot be read. */
static bool read_table(const struct tcp_socket *socket, struct row *row) {
    char line[512];
    FILE *table = fopen("/proc/net/tcp", "re");
    bool found = false;
    while (table && !found && fgets(line, sizeof line, table))
        found = read_row(line, row) && is_it(row, socket);
    if (!found)
        *row = (struct row){0};
    return table && fclose(table) == 0;
}

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

static struct question question_of(const struct tcp_socket *socket) {
    static _Thread_local uint32_t number;
    struct question question = {
        .head = {.nlmsg_len = sizeof question,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST,
                 .nlmsg_seq = ++number},
        .body = {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u}};
    struct inet_diag_sockid *id = &question.body.id;
    id->idiag_sport = htons(socket->local.port);
    id->idiag_dport = htons(socket->remote.port);
    id->idiag_src[0] = htonl(socket->local.ip4);
    id->idiag_dst[0] = htonl(socket->remote.ip4);
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return question;
}

static struct tcp_end end_of(const uint32_t ip4[4], uint16_t port) {
    return (struct tcp_end){ntohl(ip4[0]), ntohs(port)};
}

struct answer {
    struct nlmsghdr head;
    struct inet_diag_msg body;
    char rest[512];
};

/* The kernel answers before send() returns. Each thread keeps its socket. False: it cannot be
 * asked. */
static bool exchange(const struct question *question, struct answer *answer) {
    static _Thread_local int link = -1;
    ssize_t length = -1;
    if (link < 0)
        link = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (link >= 0 && send(link, question, sizeof *question, 0) == (ssize_t)sizeof *question)
        do
            length = recv(link, answer, sizeof *answer, MSG_DONTWAIT);
        while (length >= (ssize_t)sizeof answer->head &&
               answer->head.nlmsg_seq != question->head.nlmsg_seq);
    if (length >= (ssize_t)sizeof answer->head)
        return true;
    if (link >= 0)
        close(link);
    link = -1;
    return false;
}

enum told { TOLD_NOTHING, TOLD_FOUND, TOLD_ABSENT };

static bool says_absent(const struct answer *answer) {
    struct nlmsgerr refusal;
    if (answer->head.nlmsg_type != NLMSG_ERROR ||
        answer->head.nlmsg_len < NLMSG_LENGTH(sizeof refusal))
        return false;
    memcpy(&refusal, &answer->body, sizeof refusal);
    return refusal.error == -ENOENT;
}

/* sock_diag(7) looks up one socket. A kernel without this service calls each one absent. */
static enum told ask_kernel(const struct tcp_socket *socket, struct row *row) {
    struct answer answer = {0};
    struct question question = question_of(socket);
    if (!exchange(&question, &answer))
        return TOLD_NOTHING;
    if (says_absent(&answer))
        return TOLD_ABSENT;
    if (answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        answer.head.nlmsg_len < NLMSG_LENGTH(sizeof answer.body) ||
        answer.body.idiag_family != AF_INET)
        return TOLD_NOTHING;
    const struct inet_diag_sockid *id = &answer.body.id;
    *row = (struct row){
        {end_of(id->idiag_src, id->idiag_sport), end_of(id->idiag_dst, id->idiag_dport)},
        answer.body.idiag_state,
        answer.body.idiag_uid,
        answer.body.idiag_inode};
    return is_it(row, socket) ? TOLD_FOUND : TOLD_NOTHING;
}

/* The other end of a connection that a process of this host has accepted shows whether the kernel
 * can tell at all. As read_table(). */
static bool find_row(const struct tcp_socket *wanted, struct row *row) {
    const struct tcp_socket other = {wanted->remote, wanted->local};
    struct row accepted;
    enum told told = ask_kernel(wanted, row);
    bool absent =
        told == TOLD_ABSENT && wanted->remote.port && ask_kernel(&other, &accepted) == TOLD_FOUND;
    if (absent)
        *row = (struct row){0};
    return told == TOLD_FOUND || absent || read_table(wanted, row);
}

static bool leads_to(int folder, const char *path, const char *wanted) {
    char found[LINK_SIZE];
    ssize_t length = readlinkat(folder, path, found, sizeof found - 1);
    found[length > 0 ? length : 0] = 0;
    return strcmp(found, wanted) == 0;
}

static int names_in(const char *list, ssize_t length, const char *names[LIST_NAMES]) {
    const struct dirent64 *entry;
    int count = 0;
    for (const char *at = list; at < list + length; at += entry->d_reclen) {
        entry = (const void *)at;
        if (entry->d_name[0] != '.')
            names[count++] = entry->d_name;
    }
    return count;
}

/* The highest of each listing first: one that has just been opened is among them. Without
 * opendir(3), whose buffer of 32 KiB costs more than to look. */
static bool lists_socket(int folder, const char *wanted, char number[NUMBER_SIZE]) {
    _Alignas(struct dirent64) char list[LIST_BYTES];
    const char *names[LIST_NAMES];
    for (ssize_t length; (length = getdents64(folder, list, sizeof list)) > 0;) {
        for (int left = names_in(list, length, names); left > 0;) {
            if (!leads_to(folder, names[--left], wanted))
                continue;
            snprintf(number, NUMBER_SIZE, "%.*s", NUMBER_SIZE - 1, names[left]);
            return true;
        }
    }
    return false;
}

/* The numbers at which the last sockets were found, the last one first. */
struct numbers {
    char items[NUMBERS_KEPT][NUMBER_SIZE];
};

/* found: the place of the number that becomes the first one; what was there goes. */
static void put_first(struct numbers *numbers, int found, const char *number) {
    char first[NUMBER_SIZE];
    memcpy(first, number, sizeof first);
    memmove(numbers->items[1], numbers->items[0], (size_t)found * NUMBER_SIZE);
    memcpy(numbers->items[0], first, sizeof first);
}

static bool has_kept(const char *process, const char *wanted, struct numbers *numbers) {
    char path[64];
    for (int i = 0; i < NUMBERS_KEPT && numbers->items[i][0]; i++) {
        snprintf(path, sizeof path, "/proc/%.24s/fd/%s", process, numbers->items[i]);
        if (!leads_to(AT_FDCWD, path, wanted))
            continue;
        put_first(numbers, i, numbers->items[i]);
        return true;
    }
    return false;
}

/* False with errno: the process cannot be looked at, or 0: it has it not. Processes of one program
 * number their sockets alike: the numbers at which the last ones were found are tried first. */
static bool has_socket(const char *process, unsigned long inode) {
    static _Thread_local struct numbers kept;
    char wanted[LINK_SIZE], path[64], number[NUMBER_SIZE];
    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    if (has_kept(process, wanted, &kept))
        return true;
    snprintf(path, sizeof path, "/proc/%.24s/fd", process);
    scoped(file_release) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return false;
    bool has = lists_socket(folder, wanted, number);
    if (has)
        put_first(&kept, NUMBERS_KEPT - 1, number);
    errno = 0;
    return has;
}

static bool is_forbidden(int number) {
    return number == EACCES || number == EPERM;
}

enum tcp_owner tcp_owner_is(pid_t pid, const struct tcp_socket *socket) {
    struct row row;
    char process[24];
    if (!find_row(socket, &row)) /* a sandbox may hide the table */
        return is_forbidden(errno) || errno == ENOENT ? TCP_OWNER_UNKNOWN : TCP_OWNER_NOT_NOW;
    snprintf(process, sizeof process, "%ld", (long)pid);
    if (row.inode == 0)
        return TCP_OWNER_OTHER;
    if (has_socket(process, row.inode))
        return TCP_OWNER_PROCESS;
    if (is_forbidden(errno))
        return row.user == 0 || row.user == geteuid() ? TCP_OWNER_PROCESS : TCP_OWNER_OTHER;
    return errno == 0 || errno == ENOENT ? TCP_OWNER_OTHER : TCP_OWNER_NOT_NOW;
}

char *tcp_owner_describe(const struct tcp_socket *socket) {
    struct row row;
    char *text = NULL;
    if (!find_row(socket, &row) || row.inode == 0)
        find_row(&(struct tcp_socket){.local.port = socket->local.port, .remote = socket->remote},
                 &row); /* which listens on every address */
    if (row.inode == 0)
        return alloc_string("no process that can be seen");
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; processes && !text && (entry = readdir(processes));) {
        if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name) ||
            !has_socket(entry->d_name, row.inode))
            continue;
        scoped(alloc_release) char *name = platform_process_name((pid_t)atol(entry->d_name));
        text = alloc_printf("process %s (%s)", entry->d_name, name);
    }
    if (processes)
        closedir(processes);
    return text ? text : alloc_printf("a process of user %u", (unsigned)row.user);
}
