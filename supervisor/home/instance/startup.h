/* When the supervisor starts an instance without being asked: its restart policy, and autostart
 * with an order. What is checked here can be acted on: known words, no circle. */
#pragma once

#include "base/error.h"
#include "store/instance_table.h"

enum startup_autostart { STARTUP_AUTOSTART_AS_IT_IS, STARTUP_AUTOSTART_ON, STARTUP_AUTOSTART_OFF };

struct startup_options { /* texts as given on the command line; NULL: as it is */
    const char *restart; /* "no", "on-failure", "always" */
    const char *after;   /* autostart once this one is ready; "": after none */
    enum startup_autostart autostart;
};

/* Applies the options to an instance, stored or not. */
bool startup_apply(struct store *store, const struct startup_options *options,
                   struct store_instance *instance, struct error *error);
