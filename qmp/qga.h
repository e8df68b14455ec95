/* One conversation with a guest's agent (qemu-ga), without I/O: bytes in, items out, bytes to
 * write. Knows no socket, no VM and no clock: its owner ends it when nothing comes in time.
 *
 * Order: qga_new; write what qga_output holds; qga_feed what comes, then pull with qga_next until
 * it returns false, and write again. From QGA_ITEM_READY on commands may be sent, one at a time;
 * each is answered by one RETURN or ERROR. After QGA_ITEM_LOST nothing comes.
 *
 * The channel has no beginning: what is left of earlier conversations may be in it. So each begins
 * with a byte at which the agent forgets half a command, and with guest-sync-delimited, whose
 * answer comes behind such a byte. All that comes is the guest's: it is limited, and only its
 * values with a meaning are to be used. Source: QEMU's docs/interop/qemu-ga.rst and
 * qga/qapi-schema.json. */
#pragma once

#include "base/buffer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define QGA_LINE_LIMIT_BYTES  (256u << 10) /* a guest of some hundred network cards */
#define QGA_STALE_LIMIT_BYTES (1u << 20)   /* before the answer that begins the conversation */

enum qga_item_kind { QGA_ITEM_READY, QGA_ITEM_RETURN, QGA_ITEM_ERROR, QGA_ITEM_LOST };

/* Valid until the next call. */
struct qga_item {
    enum qga_item_kind kind;
    const json_t *value; /* RETURN */
    const char *text;    /* ERROR, LOST: for a person, printable */
};

struct qga; /* opaque */

/* id: a random number, so that the answer to nobody else is taken for the one to this. */
struct qga *qga_new(uint32_t id);
/* Answers may be longer than QGA_LINE_LIMIT_BYTES: what a program has said. Before the first
 * command. */
void qga_allow_lines(struct qga *qga, size_t limit_bytes);
void qga_free(struct qga *qga); /* NULL is fine */

/* arguments is stolen and may be NULL. False: not ready, or one is under way. */
bool qga_send(struct qga *qga, const char *command, json_t *arguments);
void qga_feed(struct qga *qga, const void *data, size_t length);
bool qga_next(struct qga *qga, struct qga_item *item);
struct buffer *qga_output(struct qga *qga); /* the caller consumes what it wrote */
