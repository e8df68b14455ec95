/* Port forwards of an instance that exists. */
#pragma once

#include "base/error.h"
#include "home/home.h"

/* Both all or nothing, vm.sh included. What runs is not told. */
bool forward_add(struct home *home, const char *name, char *const *texts, struct error *error);
bool forward_remove(struct home *home, const char *name, char *const *texts, struct error *error);
