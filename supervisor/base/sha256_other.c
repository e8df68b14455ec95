#include "base/sha256_hardware.h"

sha256_mixer *sha256_hardware(void) {
    return NULL;
}
