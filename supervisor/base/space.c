#include "base/space.h"

#include "base/platform.h"

bool space_usable(int fd, uint64_t *bytes) {
    uint64_t free_bytes;
    if (!platform_free_space_of(fd, &free_bytes))
        return false;
    uint64_t reserve = free_bytes / 8;
    *bytes = free_bytes - (reserve < SPACE_RESERVE_BYTES ? reserve : SPACE_RESERVE_BYTES);
    return true;
}
