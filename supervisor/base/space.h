/* Whether a disk has space: for the writes of a VM, which stands still without, and for a large
 * file. How much a large file may take of the disk that another open file is on: all that is free,
 * but for an eighth and at most SPACE_RESERVE_BYTES, with which VMs go on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SPACE_RESERVE_BYTES (UINT64_C(256) << 20)

/* Less than one write of a guest may need; also where that cannot be told. */
bool space_is_short(const char *path);
/* So much that a VM which stood still for lack of it does not soon do so again. */
bool space_lets_go_on(const char *path);

/* False: see errno. */
bool space_usable(int fd, uint64_t *bytes);
/* While it grows: what it and others have taken since then does not eat up the reserve. */
bool space_reserve(int fd, uint64_t *reserve_bytes);
bool space_usable_beside(int fd, uint64_t reserve_bytes, uint64_t *bytes);
