/* A job of launchd, as the text of its property list: launchd.plist(5). Pure. */
#pragma once

#include "base/error.h"
#include "cli/service/service_definition.h"

/* Caller frees; NULL: a path has a byte that XML cannot hold. */
char *launchd_plist_text(const struct service_definition *definition, struct error *error);
