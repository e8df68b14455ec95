/* The system information (type 1) of SMBIOS as QEMU takes it from a file: the structure that QEMU
 * would make itself, with the address of the seed as serial number. On the command line, where
 * every user of the host could read it, the address would not be a secret. Pure.
 * DMTF DSP0134, 7.2; QEMU: hw/smbios/smbios.c, smbios_entry_add(). */
#pragma once

#include "base/buffer.h"
#include "machine/core/spec.h"

/* spec->seed_url is set. */
void smbios_system(const struct spec *spec, struct buffer *blob);
