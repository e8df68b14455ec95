#include "host/kvm_guest.h"

bool kvm_guest_try(const char *device, struct error *error) {
    return error_set(error, ERROR_FAILED, "macOS has no kvm (%s)", device);
}
