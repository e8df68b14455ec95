/* A tap device in a bridge, made by qemu-bridge-helper: the launcher runs it as root, or it is
 * setuid. QEMU itself may run no program and gain no rights, so it is given the device. The helper
 * asks /etc/qemu/bridge.conf whether the bridge may be used. Blocks: it is for a worker thread. */
#pragma once

#include "machine/core/spec.h"
#include "machine/launch_link.h"

#define BRIDGE_TAP_TIMEOUT_MS 5000

/* Where qemu-bridge-helper is installed; NULL: it is not. */
const char *bridge_tap_helper(void);

/* link: NULL without a launcher. Caller owns; -1 with the words of the helper. */
int bridge_tap_open(struct launch_link *link, const struct spec_nic *nic, struct error *error);
