/* A file of the home that is made of what the store and the instances' folders hold, and is written
 * anew whenever that changes, by whichever process changed it. Two at once may each have seen half:
 * so what was written is compared with what should be there by then, and written again. Blocking.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "home/home.h"

#define DERIVED_ROUNDS 10 /* others that keep changing it write it themselves */

typedef bool derived_render(struct home *home, struct buffer *text, struct error *error);

/* Whole or not at all, and only when it differs; no text, no file. Mode 0600, the home owner's. */
bool derived_write(struct home *home, const char *name, derived_render *render,
                   struct error *error);
