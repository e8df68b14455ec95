/* Changes to the definition of an instance that exists, whether it runs or not: what runs keeps
 * what it was started with. */
#pragma once

#include "home/home.h"
#include "home/instance/definition.h"

/* In a transaction of its own, with the documents and vm.sh renewed; what is NULL stays. */
bool settings_change(struct home *home, const char *name, const struct instance_options *options,
                     struct error *error);
