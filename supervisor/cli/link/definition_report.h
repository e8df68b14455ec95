/* What a command that changes the cloud, an image or the trash tells with --json, in the shape of
 * `pgsup cloud get` and `pgsup image info`. For struct command's report(); instance_report.h is its
 * twin for instances. */
#pragma once

#include "cli/invocation.h"

#define DEFINITION_REPORT_OPTION                                                                   \
    { .name = "json", .help = "print what came of it as JSON: `pgsup help json`" }

void definition_report_cloud(struct invocation *invocation, struct error *error);
/* Of the image that the first argument, or --name or the argument names. */
void definition_report_image(struct invocation *invocation, struct error *error);
void definition_report_image_named(struct invocation *invocation, struct error *error);
/* The first argument's, which is no longer there. */
void definition_report_removed(struct invocation *invocation, struct error *error);
/* Of what has no name. */
void definition_report_done(struct invocation *invocation, struct error *error);
