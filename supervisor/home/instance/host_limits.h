/* What an instance asks for and this host does not have: told, not refused, because processors can
 * be shared and a disk grows only as its guest writes. */
#pragma once

#include "base/error.h"
#include "home/home.h"

/* "4 virtual processors are more than the 2 of this host …", one sentence a line; caller frees;
 * NULL: nothing to tell. */
char *host_limits_remarks(struct home *home, const char *name);
