#include "no_end.h"

bool no_end_descriptors(void) {
    return false;
}
