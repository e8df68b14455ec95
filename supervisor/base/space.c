#include "base/space.h"

#include "base/platform.h"

bool space_reserve(int fd, uint64_t *reserve_bytes) {
    uint64_t free_bytes;
    if (!platform_free_space_of(fd, &free_bytes))
        return false;
    *reserve_bytes = free_bytes / 8 < SPACE_RESERVE_BYTES ? free_bytes / 8 : SPACE_RESERVE_BYTES;
    return true;
}

bool space_usable_beside(int fd, uint64_t reserve_bytes, uint64_t *bytes) {
    uint64_t free_bytes;
    if (!platform_free_space_of(fd, &free_bytes))
        return false;
    *bytes = free_bytes > reserve_bytes ? free_bytes - reserve_bytes : 0;
    return true;
}

bool space_usable(int fd, uint64_t *bytes) {
    uint64_t reserve_bytes;
    return space_reserve(fd, &reserve_bytes) && space_usable_beside(fd, reserve_bytes, bytes);
}
