/* The end of the supervisor: it stops every VM, each when those that come after it have, quits them
 * all on a second request, and when no VM runs, or the timeout passes, has its owner close
 * everything. A supervisor that leaves its VMs running goes to the last step at once. Knows no
 * signal and no part besides the VMs. */
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
    struct store_instances instances; /* for the order; from the first advance on */
    bool suspends;                    /* … VMs, in place of stopping them */
    struct call *call;                /* a `pgsup down` that waits for the end; NULL */
    uv_timer_t timeout;               /* the supervisor ends even if a VM does not */
};

/* The caller sets the fields above stage, and closes the timeout with uv_close(). */
void ending_init(struct ending *ending, uv_loop_t *loop);

void ending_advance(struct ending *ending); /* stop the VMs; a second time, quit them */
void ending_leave(struct ending *ending);   /* end now, the VMs keep running */
/* As one of these two, for a client: its call is answered at the end. */
void ending_request(struct ending *ending, enum fleet_end end, struct call *call);
void ending_forget_call(struct ending *ending, const struct call *call);

/* A VM changed: stops it if it came back, and ends when it was the last. */
void ending_on_change(struct ending *ending, struct vm *vm);
