/* What Linux needs before QEMU's helper (QEMU: qemu-bridge-helper.c) can put a guest's card into a
 * bridge: root's rights, and a line in bridge.conf. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

/* by_root: it is root who runs the helper. What is missing is told as commands, all in one
 * sentence. */
bool bridge_helper_check(const char *helper, const char *bridge, bool by_root, struct error *error);

/* Pure: what the text of a bridge.conf says. A file that it includes may be root's alone. */
enum bridge_rule { BRIDGE_NOT_NAMED, BRIDGE_ALLOWED, BRIDGE_DENIED };
enum bridge_rule bridge_helper_rule(const char *text, const char *bridge);
