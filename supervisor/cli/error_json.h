/* A failure as --json shows it: one line on stdout, beside the sentence on stderr. */
#pragma once

#include "base/error.h"

/* {"schema": 1, "name": …, "ok": false, "error": {"code", "status", "message"}}; name: of the
 * instance that it is about; NULL: not known. */
void error_json_print(const char *name, const struct error *error);
