/* One call on the control socket while it is under way: what its method needs of the supervisor,
 * and its answer, which frees it. A request whose client has gone may go on: an orphan. */
#pragma once

#include "daemon/control_server.h"
#include "daemon/fleet.h"

struct console_relay;
struct request;

struct request_context {
    struct fleet *fleet;
    /* Answers the call. */
    void (*shut_down)(void *context, enum fleet_end end, struct call *call);
    /* Starts a run of Ansible, or joins the one under way. */
    bool (*provision)(void *context, struct vm *vm, const char *playbook, struct error *error);
    void *context;
    struct console_relay *consoles;
    struct request *orphans; /* of clients that have gone; owned by methods.c */
};

struct request {
    struct request *next; /* of the orphans */
    struct request_context *context;
    struct call *call;     /* NULL: its client has gone, and what it requested goes on */
    struct request **held; /* by the recorder, which then answers it; NULL */
    json_t *params;
    uint64_t began_ms;
    struct waiter_goal goal; /* restart: of the start that follows */
    bool restarts;           /* … which is still to come */
};

struct request *request_new(struct request_context *context, struct call *call, json_t *params);
void request_free(struct request *request); /* without an answer */
void request_fail(struct request *request, const struct error *error);
void request_succeed(struct request *request, json_t *body); /* takes the body */
/* There was nothing to do: "outcome" is null. */
void request_succeed_already(struct request *request, const struct vm *vm);

struct vm *request_vm(struct request *request, struct error *error); /* that "name" says */
/* Stays as it is if none is given. False: it is no number of milliseconds up to a day. */
bool request_timeout(struct request *request, uint64_t *timeout_ms, struct error *error);

/* on_done gets the request; its client is told of the progress meanwhile. */
void request_wait_for(struct request *request, struct vm *vm, const struct waiter_goal *goal,
                      waiter_on_done *on_done);
void request_wait_for_end(struct request *request, struct vm *vm, uint64_t timeout_ms,
                          waiter_on_done *on_done);
/* Such an on_done: answers with the VM, or the error. */
void request_reached(void *context, struct vm *vm, const struct error *error);
/* Wanted is what the user asked for last; restart policies depend on it. */
void request_set_wanted(struct request *request, struct vm *vm, bool wanted);
