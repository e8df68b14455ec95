/* The seed server: HTTP/1.1 on one address, for guests. Listens, and gives the places for
 * connections to those who come: seed_connection.h is one of them, seed_request.h what is asked
 * and answered there. It serves the files in INSTANCEDIR/cloud-init/ as they are at that moment, so
 * that a user's edit counts. */
#pragma once

#include "base/descriptors.h"
#include "daemon/seed_request.h"

/* Or a quarter of the descriptors; share.h: who goes. */
#define SEED_CONNECTION_LIMIT DESCRIPTORS_CLIENTS
#define SEED_PORT_TIMEOUT_MS  2000u /* at the beginning */

struct seed_server; /* opaque */

struct seed_server_options {
    const char *address;
    uint16_t port;
    uint64_t timeout_ms; /* for a port in use to become free; blocks meanwhile */
    struct seed_calls calls;
    const struct recorder *recorder; /* who else of this process writes; NULL: nobody */
};
/* NULL with a sentence: port in use, address not on this machine. */
struct seed_server *seed_server_open(uv_loop_t *loop, struct home *home,
                                     const struct seed_server_options *options,
                                     struct error *error);
void seed_server_close(struct seed_server *server); /* NULL is fine */
