/* What an instance asks for and this host may not have: told, not refused, because processors can
 * be shared, a disk grows only as its guest writes, and macOS's vmnet takes static addresses or
 * not. */
#pragma once

#include "base/error.h"
#include "home/home.h"

/* "4 virtual processors are more than the 2 of this host …", one sentence a line; caller frees;
 * NULL: nothing to tell. */
char *host_limits_remarks(struct home *home, const char *name);
