/* Which process has a TCP connection or listens on a port, by IPv4: one implementation per platform
 * (tcp_owner_linux.c, tcp_owner_darwin.c). On loopback an address says nothing of who is at the
 * other end; the owner of that end does. Blocking, but short. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct tcp_end {
    uint32_t ip4; /* host byte order */
    uint16_t port;
};

/* One end on this host, and what it is connected to; remote.port 0: it listens. */
struct tcp_socket {
    struct tcp_end local, remote;
};

/* Of a process that may not be looked at, as that of another user, Linux tells the user who has the
 * socket: root and the caller are believed. UNKNOWN: the system never tells this process; NOT_NOW:
 * it lacks what it takes at the moment, as descriptors. */
enum tcp_owner { TCP_OWNER_OTHER, TCP_OWNER_PROCESS, TCP_OWNER_UNKNOWN, TCP_OWNER_NOT_NOW };
enum tcp_owner tcp_owner_is(pid_t pid, const struct tcp_socket *socket);

/* For a sentence: "process 4711 (sshd)", "a process of user 1002", "no process that can be seen".
 * Caller frees. */
char *tcp_owner_describe(const struct tcp_socket *socket);
