/* Finds a guest in the host's neighbour table. Pure. */
#pragma once

#include "base/interface.h"

/* The address of a MAC address like "52:54:00:12:34:56". Of several the known one (NULL: none)
 * stays, so that a guest with two does not seem to move, unless another was confirmed more than
 * NEIGHBOUR_MOVED_S later: an address that was given up stays in the table for a while. False: not
 * there. */
#define NEIGHBOUR_MOVED_S 60
bool neighbour_find(const struct interface_neighbour *list, size_t count, const char *mac,
                    const char *known, char address[16]);
