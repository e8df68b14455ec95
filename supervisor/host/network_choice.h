/* Which kind of network a cloud gets when none is asked for, and why: the one without root, where
 * it is there. Pure; what it is decided by is asked of the host in host/network.h. */
#pragma once

#include "machine/core/spec.h"

struct network_facts {
    bool macos;
    bool wants_root; /* vmnet is root's alone: before macOS 26 */
    bool helper;     /* vmnet-helper is there, where root is wanted one that nobody can replace */
    bool socket;     /* the socket of socket_vmnet is there */
    bool interface;  /* one of the host's is to be bridged to */
};
struct network_choice {
    enum spec_network network;
    const char *why; /* a sentence without its end; NULL: there was no choice */
};
struct network_choice network_choose(const struct network_facts *facts);
