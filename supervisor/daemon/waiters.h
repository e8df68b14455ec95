/* Those who wait for a VM to get somewhere: a list, and the judgement of each by the lifecycle's
 * verdict whenever a VM changes. Knows neither clients nor the store. */
#pragma once

#include "machine/vm.h"

#include <uv.h>

/* Told once when the goal is reached (error->code == ERROR_NONE) or never will be; progress for
 * every phase and state on the way. Neither is called after waiters_forget(). */
struct waiter_calls {
    void (*on_progress)(void *context, struct vm *vm, enum store_event_kind kind, const char *text);
    void (*on_done)(void *context, struct vm *vm, const struct error *error);
    void *context;
};

struct waiters {
    uv_loop_t *loop;
    struct waiter *first;
};

#define WAITERS_REPORTS_MS 3000u /* of readiness, until the reports of a boot are complete */

struct waiter_goal {
    enum lifecycle_goal goal;
    bool provisioned; /* beyond GOAL_READY: the end of the first provisioning, which must be "ok" */
    uint64_t limit_ms; /* 0: none */
};

/* Judged at the next turn of the loop, so that the caller has its request in place before it is
 * answered, and then at every change. */
void waiters_add(struct waiters *waiters, struct vm *vm, const struct waiter_goal *goal,
                 const struct waiter_calls *calls);
void waiters_forget(struct waiters *waiters, const void *context); /* NULL: all of them */

/* What happened to a VM. Who is concerned is decided before anybody is told, because who is told
 * may change the VM at once. */
void waiters_changed(struct waiters *waiters, struct vm *vm);
void waiters_progress(struct waiters *waiters, struct vm *vm, enum store_event_kind kind,
                      const char *text);
void waiters_expired(struct waiters *waiters, struct vm *vm); /* a stop that must not escalate */
void waiters_gone(struct waiters *waiters, struct vm *vm);    /* it is about to be closed */
void waiters_refused(struct waiters *waiters, struct vm *vm, const char *command, const char *text);

/* The sentence for a goal that this state does not lead to. */
void waiters_explain(const struct vm *vm, struct error *error);
