/* Decides whether a VM that ended is restarted. Pure; time is a parameter.
 *
 *   no          never
 *   on-failure  when it failed; a guest that powers itself off did not
 *   always      whenever a person still wants it to run
 *
 * The wait doubles from POLICY_FIRST_WAIT_MS to POLICY_LAST_WAIT_MS and is reset after a run of
 * POLICY_WINDOW_MS. A VM is started at most POLICY_STARTS times within the window, the start by the
 * user included. One whose network macOS did not give yet is tried POLICY_EARLY_RETRIES times more,
 * whatever the policy. */
#pragma once

#include "store/instance_table.h"

#include <stdbool.h>
#include <stdint.h>

#define POLICY_FIRST_WAIT_MS 1000u
#define POLICY_LAST_WAIT_MS  60000u
#define POLICY_WINDOW_MS     600000u
#define POLICY_STARTS        10u
#define POLICY_RESTARTS      (POLICY_STARTS - 1)
#define POLICY_EARLY_RETRIES 4u

struct policy_history {
    uint64_t restarts_ms[POLICY_RESTARTS]; /* ring, monotonic */
    unsigned count;                        /* ever */
    unsigned streak;                       /* since the last long run */
    unsigned early;                        /* of a network that was not there yet */
};

enum policy_answer { POLICY_LEAVE, POLICY_RESTART, POLICY_GIVE_UP };

struct policy_end { /* of a run of the VM */
    enum store_restart restart;
    bool failed;
    bool network_is_early;     /* it failed for that */
    uint64_t began_ms, now_ms; /* monotonic; began_ms 0: not known */
};
/* POLICY_RESTART: adds the restart to the history and sets wait_ms. */
enum policy_answer policy_decide(const struct policy_end *end, struct policy_history *history,
                                 uint64_t *wait_ms);
