/* Names of snapshots: labels of which something is not a digit, because QEMU would take a number
 * for the id of another one. */
#pragma once

#include "base/error.h"
#include "store/snapshot_table.h"

#include <stdint.h>

bool snapshot_name_check(const char *name, struct error *error);
/* "PREFIX-20261126-193712", in UTC, with a number behind it while that is taken. Caller frees. */
char *snapshot_name_new(const char *prefix, int64_t at_ms, const struct store_snapshots *taken);

/* NULL: there is none of this name. */
const struct store_snapshot *snapshot_name_find(const struct store_snapshots *list,
                                                const char *name);
/* The same; then the error names the one that was probably meant, or the list. */
const struct store_snapshot *snapshot_name_get(const struct store_snapshots *list,
                                               const char *instance, const char *name,
                                               struct error *error);
