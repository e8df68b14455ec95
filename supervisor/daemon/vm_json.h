/* A VM as the control socket tells it. Caller owns what is returned. */
#pragma once

#include "machine/vm.h"

#include <jansson.h>

json_t *vm_json(const struct vm *vm);
json_t *vm_json_row(const struct vm *vm); /* control/protocol.h: among those of its state */
