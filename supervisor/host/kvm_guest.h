/* Whether kvm runs a guest, shown by one of two instructions: a device that opens may still refuse,
 * as in a VM whose host does not nest. */
#pragma once

#include "base/error.h"

/* device: "/dev/kvm". False: the sentence follows "/dev/kvm opens, but ". Blocking. */
bool kvm_guest_try(const char *device, struct error *error);
