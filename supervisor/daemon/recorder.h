/* Writes to the store without blocking the loop's thread: records are queued, and when the turn of
 * the loop ends, a worker thread applies the whole queue in one transaction. A store that is locked
 * or full is tried again every RECORDER_RETRY_MS, in order. Meanwhile at most RECORDER_EVENT_LIMIT
 * events are kept: the oldest of the most frequent kind are dropped, and an event in their place
 * says how many. Nothing else is dropped. The worker also writes the store's log back: when it is
 * long and no record waits, or very long. */
#pragma once

#include "store/event_table.h"
#include "store/guest_table.h"
#include "store/launch_table.h"

#include <uv.h>

#define RECORDER_RETRY_MS    1000
#define RECORDER_EVENT_LIMIT 20000u

struct recorder; /* opaque */

struct recorder *recorder_new(uv_loop_t *loop, const char *store_path);
/* All copy their arguments. */
void recorder_event(struct recorder *recorder, int64_t instance, enum store_event_kind kind,
                    const char *text);
void recorder_add_event(struct recorder *recorder, const struct store_event *event); /* of now */
void recorder_launch(struct recorder *recorder, const struct store_launch *launch);
void recorder_guest(struct recorder *recorder, int64_t instance, const struct store_guest *guest);
/* The time is now. */
void recorder_address(struct recorder *recorder, int64_t instance, const char *address,
                      const char *source);
/* "ok": provisioned now; otherwise the reason why not. */
void recorder_provisioned(struct recorder *recorder, int64_t instance, const char *result);
void recorder_wanted(struct recorder *recorder, int64_t instance, bool wanted);
/* Its guest's file systems are not frozen: store/freeze_table.h. */
void recorder_thawed(struct recorder *recorder, int64_t instance);

/* Whether all commits after the first of two numbers of store_commits(), up to the second one, are
 * the recorder's, and changed no instance's row. From any thread. */
bool recorder_made_commits(const struct recorder *recorder, uint32_t after, uint32_t last);

/* Called once on the loop's thread when everything recorded so far is in the store; false: it could
 * not be written, or is left to recorder_close(). */
typedef void recorder_on_written(void *context, bool written);
void recorder_when_written(struct recorder *recorder, recorder_on_written *on_written,
                           void *context);

/* Something recorded is not in the store yet, and is likely to be soon. */
bool recorder_is_behind(const struct recorder *recorder);

/* Gives back what it keeps for the next record, if it has none now. */
void recorder_rest(struct recorder *recorder);
/* No retries from now on, so that the loop can end. */
void recorder_drain(struct recorder *recorder);
/* After the loop ended: applies what is left, on this thread; the next run of the loop frees. */
void recorder_close(struct recorder *recorder);
