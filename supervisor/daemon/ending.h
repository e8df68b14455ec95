/* How the supervisor ends: it asks every VM to stop, on a second demand it tells them all to quit,
 * and when no VM runs, or the timeout passes, its owner closes everything. Knows no signal and no
 * part besides the VMs. Ending without the VMs skips to the last step. */
#pragma once

#include "daemon/control_server.h"
#include "daemon/fleet.h"
#include "daemon/restarter.h"

enum ending_stage { ENDING_NOT, ENDING_GRACEFUL, ENDING_FORCED, ENDING_DONE };

struct ending {
    struct fleet *fleet;
    struct restarter *restarter;
    void (*close_all)(void *context); /* once, at ENDING_DONE */
    void *context;
    enum ending_stage stage;
    struct call *call;  /* `pgsup down` that waits for the end; NULL */
    uv_timer_t timeout; /* the supervisor ends even if a VM does not */
};

/* The other fields above stage are set before; close with uv_close(&ending->timeout). */
void ending_init(struct ending *ending, uv_loop_t *loop);

void ending_advance(struct ending *ending); /* stop the VMs; a second time, quit them */
void ending_leave(struct ending *ending);   /* end now, the VMs keep running */
/* As one of these two, for a client: its call is answered at the end. */
void ending_request(struct ending *ending, bool keep_vms, struct call *call);
void ending_forget_call(struct ending *ending, const struct call *call);

/* A VM changed: stops it if it came back, and ends when it was the last. */
void ending_on_change(struct ending *ending, struct vm *vm);
