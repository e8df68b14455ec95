/* What a command that defines or changes an instance tells with --json: the instance as it is now,
 * in the shape of `pgsup info`. For struct command's report(). */
#pragma once

#include "cli/invocation.h"

#define INSTANCE_REPORT_OPTION                                                                     \
    { .name = "json", .help = "print the instance as one JSON object: `pgsup help json`" }

/* Of the instance that the first or the second argument names. */
void instance_report_first(struct invocation *invocation, struct error *error);
void instance_report_second(struct invocation *invocation, struct error *error);
void instance_report_one(struct invocation *invocation, const char *name, struct error *error);
/* Of one that is no longer there. */
void instance_report_removed(struct invocation *invocation, struct error *error);
