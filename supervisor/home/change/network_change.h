/* What instances need when the network of their cloud is another one: an address in it, a port for
 * SSH where they are reached by one. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "home/home.h"
#include "store/cloud_table.h"

#include <stdbool.h>

struct network_change {
    bool renumber;        /* give those that need one another address; else it is refused */
    struct buffer report; /* a line for each instance that has another one; caller releases */
};

/* In the transaction that changes the cloud; context: a struct network_change. All that are in the
 * way are named in one sentence. */
bool network_change_follow(struct home *home, const struct store_cloud *cloud, void *context,
                           struct error *error);
/* After it: writes the files of all instances anew. notices: lines for their user. */
bool network_change_regenerate(struct home *home, struct buffer *notices, struct error *error);
