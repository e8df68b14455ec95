/* QMP to a VM without a supervisor: a blocking connection to the VM's second monitor, on which
 * every wait has a deadline. For `list`, `info`, `qmp`, `instance resize` and port forwards;
 * offline_stop.h stops a VM over it. Knows no lifecycle. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/running.h"

#include <jansson.h>
#include <stdint.h>

struct offline; /* opaque */
struct qmp_item;

/* The process of an instance, which must run: else ERROR_WRONG_STATE. */
bool offline_find(const struct home *home, const char *name, struct running *running,
                  struct error *error);

/* NULL: error set. */
struct offline *offline_open(const struct home *home, const struct running *running,
                             struct error *error);
void offline_close(struct offline *offline); /* NULL is fine */

/* Sends a command and waits for its return value, which the caller owns; NULL: error set.
 * arguments is stolen; events that arrive meanwhile are dropped. */
json_t *offline_command(struct offline *offline, const char *command, json_t *arguments,
                        struct error *error);

/* Without waiting: sends a command without arguments; pulls the next item that has arrived. */
void offline_post(struct offline *offline, const char *command);
bool offline_next(struct offline *offline, struct qmp_item *item);
/* Writes what was sent and reads what arrives, until something has arrived or until_ms. */
void offline_exchange(struct offline *offline, uint64_t until_ms);
