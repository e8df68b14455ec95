/* Ports of the host forwarded to a guest, written [ADDRESS:]HOST:GUEST[/udp]: "8080:80" is port 80
 * of the guest at 127.0.0.1:8080 of the host. User networking only. The forward for SSH is made
 * without being asked for and is not among these. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/forward_table.h"
#include "store/instance_table.h"

#define FORWARD_MAX 64u /* of one instance */

/* Fills all but the instance; strings are the forward's. */
bool forward_parse(const char *text, struct store_forward *forward, struct error *error);
/* As it may be parsed again: "127.0.0.1:8080:80", "0.0.0.0:5353:53/udp"; caller frees. */
char *forward_text(const struct store_forward *forward);

/* One of these forwards of an instance by its host side alone, [ADDRESS:]HOST[/udp], as
 * forward_text() has it; any other text as it is. Caller frees. NULL: none has it, or two have. */
char *forward_name(const struct store_forwards *forwards, const char *instance, const char *text,
                   struct error *error);

bool forward_fail_absent(const char *instance, const char *text, struct error *error); /* false */

/* Parses the texts and checks what depends on the cloud only. texts: NULL-terminated; NULL:
 * none. */
bool forward_parse_all(char *const *texts, const struct store_cloud *cloud,
                       struct store_forwards *forwards, struct error *error);
/* Checks what must be unique and free, and adds the rows. Runs in the transaction that adds or
 * changes the instance, after its row was added. */
bool forward_reserve_all(struct store *store, const struct store_instance *instance,
                         struct store_forwards *forwards, struct error *error);
