#include "base/sha256_hardware.h"

#if !defined(__aarch64__) && !defined(__x86_64__)

sha256_mixer *sha256_hardware(void) {
    return NULL;
}

#endif
