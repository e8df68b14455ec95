#include "base/space.h"

#include "base/platform.h"

#define WRITE_BYTES (UINT64_C(16) << 20)
#define GO_ON_BYTES (UINT64_C(64) << 20)

static bool has(const char *path, uint64_t wanted_bytes) {
    uint64_t free_bytes;
    return platform_free_space(path, &free_bytes) && free_bytes >= wanted_bytes;
}

bool space_is_short(const char *path) {
    return !has(path, WRITE_BYTES);
}

bool space_lets_go_on(const char *path) {
    return has(path, GO_ON_BYTES);
}

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
