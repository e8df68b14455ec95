/* The commands of one session that were sent and not answered: a queue in the order of sending, so
 * with rising ids, and the ids of those that timed out and may still be answered. Knows neither
 * JSON messages nor states. The list owns its commands; whoever takes one owns it then. QEMU
 * answers in order, so a lookup usually finds the first one. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PENDING_LATE_LIMIT 32u /* ids of timed-out commands that are remembered one by one */

struct pending {
    struct pending *next;
    uint64_t id;
    uint64_t deadline_ms;
    char *command;
    json_t *arguments; /* until it is written … */
    bool written;      /* … which it is ahead of READY, too, if it only asks */
    void *context;
};

struct pending_list {
    struct pending *first, **last;
    unsigned count;
};

struct pending_late {
    uint64_t ids[PENDING_LATE_LIMIT]; /* in the order of timing out */
    unsigned count;
    uint64_t floor; /* when the ids overflow: everything up to here may be late */
};

void pending_list_init(struct pending_list *list);
void pending_list_done(struct pending_list *list);
void pending_push(struct pending_list *list, struct pending *pending);
struct pending *pending_take(struct pending_list *list, struct pending **slot);
struct pending *pending_take_id(struct pending_list *list, uint64_t id);
struct pending *pending_take_first(struct pending_list *list); /* NULL: it is empty */
void pending_free(struct pending *pending);                    /* NULL is fine */

void pending_late_add(struct pending_late *late, uint64_t id);
bool pending_late_take(struct pending_late *late, uint64_t id); /* true: its reply is swallowed */
bool pending_late_any(const struct pending_late *late);
