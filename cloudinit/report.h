/* One event as cloud-init's webhook reporter posts it (cloudinit/reporting/events.py, as_dict): a
 * JSON object with name ("modules-final/config-scripts-user"), event_type ("start", "finish"),
 * description, and of a finish the result (SUCCESS, WARN, FAIL). Other members (origin, timestamp,
 * files) are ignored. Pure.
 * The guest writes all of it: a body that is not such an object, breaks a limit or holds a control
 * character in a used member fails as a whole. */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define REPORT_LIMIT_BYTES      8192u /* cloud-init posts up to 0.5 kB */
#define REPORT_NAME_SIZE        128u  /* of the whole name; with the NUL, as below */
#define REPORT_MODULE_SIZE      64u
#define REPORT_DESCRIPTION_SIZE 512u

/* The stages of a boot, in their order (cloudinit/cmd/main.py). */
enum report_stage {
    REPORT_INIT_LOCAL,
    REPORT_INIT_NETWORK,
    REPORT_MODULES_CONFIG,
    REPORT_MODULES_FINAL,
    REPORT_OTHER, /* "single/…", a step that is not a module, a part of one: ignored */
};
const char *report_stage_name(enum report_stage stage); /* "modules-final"; NULL of OTHER */

enum report_result { REPORT_BEGAN, REPORT_SUCCESS, REPORT_WARNING, REPORT_FAILURE };

struct report {
    enum report_stage stage;
    char module[REPORT_MODULE_SIZE]; /* "scripts-user"; "": the stage itself */
    char description[REPORT_DESCRIPTION_SIZE];
    enum report_result result;
};

bool report_parse(const char *body, size_t length, struct report *report, struct error *error);
