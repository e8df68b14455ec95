/* Snapshots and backups that the supervisor makes by the clock, of instances that ask for them
 * (instance set --snapshot-every, --backup-every). Each is the command that a person would give,
 * run as an errand, those of a kind one after the other, and one for an instance; the command also
 * removes what is beyond the number to be kept. One that was missed while the computer slept is
 * made once. An instance that has not run since the last one has nothing new, and is passed over.
 * What an interrupted snapshot has left is settled first. */
#pragma once

#include "daemon/fleet.h"

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_RETRY_MS 600000u /* after a failure, unless it is due more often */

struct schedule; /* opaque */

struct schedule *schedule_new(struct fleet *fleet);
/* To be called now and then: begins what is due. */
void schedule_look(struct schedule *schedule);
/* A command that is under way goes on. NULL is fine. */
void schedule_close(struct schedule *schedule);

struct schedule_moment {
    uint64_t every_ms;         /* 0: never */
    int64_t last_ms, tried_ms; /* wall clock; 0: never. tried: it failed */
    int64_t ran_ms;            /* when the instance was seen running last; 0: never */
};
/* Pure. A clock that was set back makes nothing wait for longer than every_ms. */
bool schedule_is_due(const struct schedule_moment *moment, int64_t now_ms);
