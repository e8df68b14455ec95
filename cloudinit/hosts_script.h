/* A script for /bin/sh that brings the names of other machines in a guest's /etc/hosts up to date.
 * Pure. They stand in a marked block at the end, with a revision; the rest of the file is left as
 * it is, and so is what follows a block whose last line somebody removed. It needs no more than
 * busybox. Its status is not 0, and the file is as it was, where the file cannot be read or there
 * is no awk. */
#pragma once

#include "base/buffer.h"

#include <stdint.h>

enum hosts_age {
    HOSTS_OF_SEED, /* may be old: a block that is newer stays */
    HOSTS_OF_NOW,
};

/* lines: of hosts(5), addresses and labels only. None: a file without a block stays as it is. */
void hosts_script(const char *lines, int64_t revision, enum hosts_age age, struct buffer *script);
