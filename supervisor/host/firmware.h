/* UEFI firmware for guests: where this host has it. Looked for at each launch and never recorded,
 * because packages move it. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"

/* Absolute path for QEMU's -bios; caller frees. Missing: ERROR_NOT_FOUND, names the package. */
char *firmware_find(enum spec_arch arch, struct error *error);
