/* Waiters: callers blocked until a VM reaches a goal. Each is judged by the lifecycle's verdict
 * whenever the VM changes. Knows neither clients nor the store. */
#pragma once

#include "machine/vm.h"

#include <uv.h>

/* on_done is called once, when the goal is reached (error->code == ERROR_NONE) or cannot be reached
 * any more; on_progress for every phase and state before. Neither is called after
 * waiters_forget(). */
typedef void waiter_on_done(void *context, struct vm *vm, const struct error *error);
struct waiter_calls {
    void (*on_progress)(void *context, struct vm *vm, enum store_event_kind kind, const char *text);
    waiter_on_done *on_done;
    void *context;
};

#define WAITERS_LISTS 256u

struct waiters {
    uv_loop_t *loop;
    struct waiter *first[WAITERS_LISTS]; /* by VM: a thousand may wait at once */
};

/* After readiness: for the reports of the boot to be complete. */
#define WAITERS_REPORTS_TIMEOUT_MS 3000u

struct waiter_goal {
    enum lifecycle_goal goal;
    bool provisioned; /* beyond GOAL_READY: the end of the first provisioning, which must be "ok" */
    uint64_t timeout_ms; /* from waiters_add(); 0: none */
};

/* The first judgement comes at the next turn of the loop, so that the caller has its request in
 * place before it is answered. */
void waiters_add(struct waiters *waiters, struct vm *vm, const struct waiter_goal *goal,
                 const struct waiter_calls *calls);
void waiters_forget(struct waiters *waiters, const void *context); /* NULL: all of them */

/* What happened to a VM. All waiters are judged before the first one is called, because a callback
 * may change the VM at once. */
void waiters_changed(struct waiters *waiters, struct vm *vm);
void waiters_progress(struct waiters *waiters, struct vm *vm, enum store_event_kind kind,
                      const char *text);
void waiters_expired(struct waiters *waiters, struct vm *vm); /* a stop that must not escalate */
void waiters_gone(struct waiters *waiters, struct vm *vm);    /* it is about to be closed */
void waiters_refused(struct waiters *waiters, struct vm *vm, const char *command, const char *text);

/* The sentence for a goal that this state does not lead to. */
void waiters_explain(const struct vm *vm, struct error *error);
