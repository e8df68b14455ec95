/* A script for /bin/sh that brings the names of other machines in a guest's /etc/hosts up to date.
 * Pure. They stand in a marked block at the end, with a revision; the rest of the file is left as
 * it is. It never fails, and needs no more than busybox. */
#pragma once

#include "base/buffer.h"

#include <stdint.h>

enum hosts_age {
    HOSTS_OF_SEED, /* may be old: a block that is newer stays */
    HOSTS_OF_NOW,
};

/* lines: of hosts(5), addresses and labels only. None: a file without a block stays as it is. */
void hosts_script(const char *lines, int64_t revision, enum hosts_age age, struct buffer *script);
