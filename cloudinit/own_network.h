/* Whether cloud-init does anything with a user's own network-config: version 1 or 2, devices in the
 * sections that it knows. Pure; the text is borrowed, and has passed document_check(). */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

bool own_network_check(const char *text, size_t length, struct error *error);
