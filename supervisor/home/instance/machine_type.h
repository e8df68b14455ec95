/* QEMU's type of an instance's machine. "virt" and "q35" are aliases, which another version of QEMU
 * resolves otherwise: what its guest saw at its first start stays, until its user has it updated.
 */
#pragma once

#include "base/error.h"
#include "store/instance_table.h"

/* Before a start: resolves the alias and records what it stands for, once. A QEMU that does not
 * tell leaves it as it is. Blocking. */
bool machine_type_settle(struct store *store, struct store_instance *instance, struct error *error);
