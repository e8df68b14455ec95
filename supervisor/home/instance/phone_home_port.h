/* The port of this host where guests fetch their seed and phone home. With `--ph-port auto` one
 * that another program has is replaced when a supervisor starts. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/cloud_table.h"

#define PHONE_HOME_PORT_FIRST 10300

/* If another program has it, chooses a free one at this address, keeps it in the store and in the
 * cloud, and sets changed. */
bool phone_home_port_renew(struct home *home, const char *address, struct store_cloud *cloud,
                           bool *changed, struct error *error);
