/* For Incus: metadata.yaml of an image, and an instance as `incus create` reads it from its stdin.
 * Pure. */
#pragma once

#include "home/moving/export_form.h"

bool incus_instance_write_metadata(const struct export_form *form, struct buffer *text,
                                   struct error *error);
bool incus_instance_write(const struct export_form *form, struct buffer *text, struct error *error);
