/* What is recorded as an event and told on the terminal of what others do (guests, strangers,
 * QEMU): through here, so that nobody floods either of them. gather.h says what is let through. */
#pragma once

#include "daemon/gather.h"
#include "daemon/recorder.h"

struct journal; /* opaque */

struct journal *journal_new(uv_loop_t *loop, struct recorder *recorder);
void journal_close(struct journal *journal); /* writes what was counted; NULL is fine */

/* An event, and a line on the terminal if the message has `said`. */
void journal_tell(struct journal *journal, const struct gather_message *message);
/* Only the event, of now, with all that it has. False: it was counted. */
bool journal_event(struct journal *journal, const struct store_event *event);
void journal_forget(struct journal *journal, int64_t instance); /* a new launch of it */
