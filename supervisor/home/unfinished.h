/* A mark in INSTANCEDIR from before a restore or a rebuild stages its first file until all are in
 * place, those that are regenerated too: vm.sh, which knows no locks, does not start beside it. */
#pragma once

#include "base/error.h"
#include "home/home.h"

#include <stdbool.h>

bool unfinished_mark(const struct home *home, const char *instance, struct error *error);
bool unfinished_is_marked(const struct home *home, const char *instance);
bool unfinished_clear(const struct home *home, const char *instance, struct error *error);
