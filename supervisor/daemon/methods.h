/* The methods of the control protocol, one row each. A method finds its VM, gives the lifecycle an
 * input and adds a waiter that answers the call. */
#pragma once

#include "daemon/control_server.h"
#include "daemon/fleet.h"

struct console_relay;
struct request;

struct methods_context {
    struct fleet *fleet;
    void (*shut_down)(void *context, bool keep, struct call *call); /* answers the call */
    /* Starts a run of Ansible, or joins the one under way. */
    bool (*provision)(void *context, struct vm *vm, const char *playbook, struct error *error);
    void *context;
    struct console_relay *consoles;
    struct request *orphans; /* of clients that have gone; owned by methods.c */
};

void methods_dispatch(struct methods_context *context, struct call *call, const char *method,
                      json_t *params);
void methods_gone(struct methods_context *context, struct call *call);
void methods_close(struct methods_context *context); /* drops what goes on without a client */
