/* What `cloud-init schema` says of a cloud-config, where it is installed: the opinion of the host's
 * version, which need not be the guest's. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

/* The text is checked in a copy; sentences call it `shown`. False: invalid, in cloud-init's words.
 * What is only deprecated, or that it could not be checked, goes to remarks (NULL: nothing; caller
 * frees). */
bool schema_check(const char *shown, const struct buffer *text, char **remarks,
                  struct error *error);
