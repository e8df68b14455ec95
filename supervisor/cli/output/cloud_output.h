/* The settings of a home as `cloud get --json` shows them. */
#pragma once

#include "home/home.h"
#include "store/cloud_table.h"
#include "store/network_table.h"
#include "store/user_table.h"

#include <jansson.h>

json_t *cloud_output_object(const struct home *home, const struct store_cloud *cloud,
                            const struct store_users *users,
                            const struct store_network *lab); /* new reference */
