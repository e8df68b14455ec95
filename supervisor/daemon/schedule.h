/* Backups that the supervisor makes by itself now and then, of instances that ask for them
 * (instance set --backup-every). Each is the command that a person would give, run as a child, one
 * after the other; the command also removes what is beyond the number to be kept. One that was
 * missed while the computer slept is made once. An instance that has not run since the last one has
 * nothing new, and is passed over. */
#pragma once

#include "daemon/fleet.h"

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_LOOK_MS  5000u
#define SCHEDULE_RETRY_MS 600000u   /* after a failure, unless it is due more often */
#define SCHEDULE_LIMIT_MS 86400000u /* of one command */

struct schedule; /* opaque */

struct schedule *schedule_new(struct fleet *fleet);
/* A command that is under way goes on. NULL is fine. */
void schedule_close(struct schedule *schedule);

struct schedule_moment {
    uint64_t every_ms;         /* 0: never */
    int64_t last_ms, tried_ms; /* wall clock; 0: never. tried: it failed */
    int64_t ran_ms;            /* when the instance was seen running last; 0: never */
};
/* Pure. A clock that was set back makes nothing wait for longer than every_ms. */
bool schedule_is_due(const struct schedule_moment *moment, int64_t now_ms);
