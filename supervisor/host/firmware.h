/* Finds the UEFI firmware for guests on this host. The path is never recorded, because package
 * upgrades change it: every launch looks it up. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"

/* Absolute path for QEMU's -bios; caller frees. ERROR_NOT_FOUND names the package to install. */
char *firmware_find(enum spec_arch arch, struct error *error);
