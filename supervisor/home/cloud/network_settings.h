/* The network of a cloud: its kind, what it is attached to, and this host's addresses in it. With
 * an interface alone the addresses are the host's. */
#pragma once

#include "base/error.h"
#include "store/cloud_table.h"

#include <stdbool.h>

struct network_settings { /* texts as given; NULL: as it is; "": none */
    const char *kind, *interface;
    const char *host_ip4, *host_nm4, *host_gw4, *host_ns4;
    bool any_host; /* this host need not have them now: what another program has stored */
};

bool network_settings_are_given(const struct network_settings *settings);
/* To a cloud without a network, or with another one: what goes with the kind or the interface of
 * before is forgotten with it. found: a line for its user, what was found out; NULL: nothing was;
 * caller frees. */
bool network_settings_apply(const struct network_settings *settings, struct store_cloud *cloud,
                            char **found, struct error *error);
/* The kind that a new cloud gets when none is given, as a word, and why; NULL: there was no choice.
 */
const char *network_settings_choice(const char *interface, const char **why);
