/* Whether a request to the seed server comes from the guest of a VM that runs: who knows its token
 * may be anybody on this host or in its network. Over user networking the other end of the
 * connection is a socket of the VM's QEMU; a guest with an address of its own calls from that one,
 * or from one that the table of neighbours gives to one of its cards. Blocking, but short. */
#pragma once

#include "base/tcp_owner.h"
#include "machine/vm.h"
#include "store/instance_table.h"

/* What one connection has shown already. Who owns its other end does not change while the VM is the
 * same process; whether the guest has a network of its own is in the store. */
struct guest_peer {
    struct tcp_socket ends; /* local is the caller's, remote is the seed server's */
    uint64_t now;          /* revision of the store (seed_cache.h), by whoever asks; 0: not known */
    int64_t instance, pid; /* of which the rest was found */
    bool owned, foreign;   /* it was the VM's; another process's, or nobody's any more */
    uint64_t revision;     /* by which … */
    bool own_network;
};

/* As guest_peer_check(), of a connection that may have been checked before. */
bool guest_peer_check_again(struct store *store, const struct vm *vm,
                            const struct store_instance *instance, struct guest_peer *peer,
                            struct error *error);
/* vm: NULL if none is known; ends: local is the caller's, remote is the seed server's. False with a
 * sentence. */
bool guest_peer_check(struct store *store, const struct vm *vm,
                      const struct store_instance *instance, const struct tcp_socket *ends,
                      struct error *error);
/* The guest has fetched its meta-data in this launch; or in an earlier one and no phone-home came
 * since: ended before it phoned home, it keeps what it fetched, and its next boot asks for nothing.
 * True for one that is not seeded over HTTP, and one that an earlier supervisor began. */
bool guest_peer_has_seed(struct store *store, const struct vm *vm,
                         const struct store_instance *instance, struct error *error);
