/* The seed server of a supervisor, and what follows from what guests fetch and post there: phases
 * of their VMs, records, events. Who calls is checked before anything is believed. Everything that
 * it names is the caller's, and lives longer. */
#pragma once

#include "base/buffer.h"
#include "daemon/phone_home.h"
#include "home/home.h"

#include <uv.h>

struct guest_service {
    uv_loop_t *loop;
    struct home *home;
    struct fleet *fleet;
    const struct recorder *recorder;
    struct journal *journal; /* these two are set before the loop runs */
    struct phone_home_context phone_home;
    struct seed_server *server; /* NULL: not yet */
    struct buffer text, said;   /* of the document that is being told of */
};

/* timeout_ms: for a port in use to become free. True without a server where its address comes with
 * the first VM. */
bool guest_service_open(struct guest_service *service, uint64_t timeout_ms, struct error *error);
void guest_service_look(struct guest_service *service); /* tries again, if there is none yet */
void guest_service_close(struct guest_service *service);
