/* A file of the home that is generated from the store and the instances' folders, and is written
 * again whenever those change, by the process that changed them. Two processes at once may each
 * have seen half: so the written text is compared with what it should be by then, and written
 * again. Blocking; ends a transaction in which the caller reads. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "home/home.h"

#define DERIVED_ROUNDS 10 /* others that keep changing it write it themselves */

typedef bool derived_render(struct home *home, struct buffer *text, struct error *error);

/* Writes atomically, and only when the text differs; without text the file is removed. Mode
 * 0600; the home's owner owns it. */
bool derived_write(struct home *home, const char *name, derived_render *render,
                   struct error *error);
