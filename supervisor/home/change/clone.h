/* An instance made from another one: the same disk contents and settings, an identity, a disk and
 * ports of its own. The static address is not copied, nor are the forwards, because two cannot have
 * them. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

/* The caller holds the lock on the source's folder and has made sure that no VM of it runs. */
bool instance_clone(struct home *home, const struct store_instance *source, const char *name,
                    struct store_instance *made, struct error *error);
