/* A VM as the control socket tells it. Caller owns what is returned. */
#pragma once

#include "base/buffer.h"
#include "machine/vm.h"

#include <jansson.h>

json_t *vm_json(const struct vm *vm);
/* Appends its name and its time to those of its state: control/protocol.h. */
void vm_json_brief(const struct vm *vm, int64_t now_ms, struct buffer *words);
