/* The command line of the helper of one network card, nirs/vmnet-helper, that macOS lets use vmnet:
 * it carries frames between a datagram socket, which it is given as HELPER_ARGV_FD, and the host's
 * network. Pure. Options: its docs/integration.md, docs/sudo.md.
 *
 * Bridged with an interface, else in a shared network (NAT with DHCP by macOS). */
#pragma once

#include "base/strv.h"
#include "machine/core/spec.h"

enum { HELPER_ARGV_FD = 3 };

/* The same of qemu-bridge-helper, which makes a tap device in a bridge and sends it through
 * HELPER_ARGV_FD, then ends (QEMU: qemu-bridge-helper.c). NULL-terminated; program is absolute. */
void helper_argv_build_bridge(const char *program, const struct spec_nic *nic, struct strv *argv);

/* Appends. The spec has a helper, and the card is one of vmnet-helper. */
void helper_argv_build(const struct spec *spec, const struct spec_nic *nic, struct strv *argv);
