/* The drive of a seed that goes both ways, INSTANCEDIR/cloud-init-include.img: meta-data and
 * network-config as they are, so that a static address is up before anything is asked for; in place
 * of user-data and vendor-data the addresses at which they are served.
 *
 * `#include-once`: cloud-init keeps what it fetched per instance-id, so that a later boot without a
 * server is like any other (cloud-init: user_data.py, _do_include). */
#pragma once

#include "base/error.h"
#include "home/generated.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdbool.h>

char *seed_include_path(const struct home *home, const struct store_instance *instance);

/* url: what seed_url() gives; NULL: it does not go both ways, and has no such drive. Made anew only
 * when something in it changed. */
bool seed_include_write(struct generated *generated, const char *url, struct error *error);
