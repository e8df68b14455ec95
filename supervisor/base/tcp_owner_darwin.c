#include "base/tcp_owner.h"

#include "base/alloc.h"
#include "base/platform.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libproc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SPARE_FDS 32 /* that may be opened between the two questions */

static bool same_end(const struct tcp_end *end, struct in_addr address, int port) {
    return end->ip4 == ntohl(address.s_addr) && end->port == ntohs((uint16_t)port);
}

static bool is_it(const struct socket_info *info, const struct tcp_socket *socket) {
    const struct tcp_sockinfo *tcp = &info->soi_proto.pri_tcp;
    const struct in_sockinfo *ends = &tcp->tcpsi_ini;
    bool listens = socket->remote.port == 0;
    if (info->soi_kind != SOCKINFO_TCP || info->soi_family != AF_INET ||
        (tcp->tcpsi_state == TSI_S_LISTEN) != listens ||
        !same_end(&socket->local, ends->insi_laddr.ina_46.i46a_addr4, ends->insi_lport))
        return false;
    return listens ||
           same_end(&socket->remote, ends->insi_faddr.ina_46.i46a_addr4, ends->insi_fport);
}

/* Only of processes of the caller's own, unless that is root (XNU: proc_info.c). Caller frees;
 * NULL with errno. */
static struct proc_fdinfo *list_fds(pid_t pid, size_t *count) {
    int bytes = proc_pidinfo(pid, PROC_PIDLISTFDS, 0, NULL, 0);
    if (bytes <= 0)
        return NULL;
    bytes += SPARE_FDS * (int)sizeof(struct proc_fdinfo);
    struct proc_fdinfo *list = alloc_zero((size_t)bytes);
    int filled = proc_pidinfo(pid, PROC_PIDLISTFDS, 0, list, bytes);
    if (filled <= 0 || filled == bytes) {
        int saved = filled == bytes ? EAGAIN : errno; /* there may be more */
        free(list);
        errno = saved;
        return NULL;
    }
    *count = (size_t)filled / sizeof *list;
    return list;
}

enum tcp_owner tcp_owner_is(pid_t pid, const struct tcp_socket *socket) {
    size_t count = 0;
    struct proc_fdinfo *list = list_fds(pid, &count);
    if (!list && errno == EPERM)
        return TCP_OWNER_UNKNOWN;
    if (!list)
        return errno == ESRCH ? TCP_OWNER_OTHER : TCP_OWNER_NOT_NOW;
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        struct socket_fdinfo info;
        found = list[i].proc_fdtype == PROX_FDTYPE_SOCKET &&
                proc_pidfdinfo(pid, list[i].proc_fd, PROC_PIDFDSOCKETINFO, &info, sizeof info) ==
                    (int)sizeof info &&
                is_it(&info.psi, socket);
    }
    free(list);
    return found ? TCP_OWNER_PROCESS : TCP_OWNER_OTHER;
}

char *tcp_owner_describe(const struct tcp_socket *socket) {
    int bytes = proc_listpids(PROC_ALL_PIDS, 0, NULL, 0);
    scoped(alloc_release) char *memory = alloc_zero(bytes > 0 ? (size_t)bytes : 1);
    pid_t *pids = (pid_t *)(void *)memory;
    bytes = bytes > 0 ? proc_listpids(PROC_ALL_PIDS, 0, pids, bytes) : 0;
    for (size_t i = 0; bytes > 0 && i < (size_t)bytes / sizeof *pids; i++) {
        if (pids[i] == 0 || tcp_owner_is(pids[i], socket) != TCP_OWNER_PROCESS)
            continue;
        scoped(alloc_release) char *name = platform_process_name(pids[i]);
        return alloc_printf("process %ld (%s)", (long)pids[i], name);
    }
    return alloc_string("no process that can be seen");
}
