/* What there is in a home as a lab file, which applied to that home changes nothing. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "home/home.h"

/* names: of instances, NULL-terminated; none: all. With the networks that they are in, or all. */
bool lab_write(struct home *home, char *const *names, struct buffer *text, struct error *error);
