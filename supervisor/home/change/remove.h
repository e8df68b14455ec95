/* Removes an instance: its row is gone, its folder is in the trash. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

/* The caller has made sure that no VM of it runs. */
bool instance_remove(struct home *home, const struct store_instance *instance, struct error *error);
