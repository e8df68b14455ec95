/* Messages that repeat, made few: of each source the first ones pass, those that follow are
 * counted, and gather_flush(), called every GATHER_INTERVAL_MS, says how many they were. What a
 * source is not heard of for one interval passes again. Of kinds that somebody may wait for,
 * gather_tell_prompt() says it sooner. Pure; knows no clock and no store.
 *
 * What is remembered is bounded: GATHER_INSTANCE_LIMIT texts of an instance, whatever others do,
 * GATHER_LIMIT of all strangers, and of one source as many as gather.c's table says for its kind.
 * Beyond that messages are counted without their texts. */
#pragma once

#include "store/event_table.h"

#include <stdbool.h>

#define GATHER_INTERVAL_MS    10000u
#define GATHER_PROMPT_MS      1000u
#define GATHER_LIMIT          512u
#define GATHER_INSTANCE_LIMIT 128u

struct gather; /* opaque */

struct gather_message {
    int64_t instance; /* 0: of none */
    enum store_event_kind kind;
    const char *peer; /* who sent it, if it is no instance's; NULL */
    const char *text;
    const char *said; /* for the caller: what precedes the text on the terminal; NULL */
};

struct gather *gather_new(void);
void gather_free(struct gather *gather);

/* True: tell it now. */
bool gather_take(struct gather *gather, const struct gather_message *message);
/* Tells what was counted, as messages of their own; whether anything is left to be remembered. */
typedef void gather_tell(void *context, const struct gather_message *message);
bool gather_flush(struct gather *gather, gather_tell *tell, void *context);
/* What was counted of the kinds that are told promptly: GATHER_PROMPT_MS after it was. */
bool gather_is_prompt(enum store_event_kind kind);
void gather_tell_prompt(struct gather *gather, gather_tell *tell, void *context);
/* Tells what was counted, and forgets the messages of an instance: it begins anew. */
void gather_forget(struct gather *gather, int64_t instance, gather_tell *tell, void *context);
