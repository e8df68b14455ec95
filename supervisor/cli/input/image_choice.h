/* The image that a person names for a new instance: when it is not there, what is. */
#pragma once

#include "base/error.h"
#include "home/home.h"

/* ERROR_NOT_FOUND: "no image "minii" in this home: did you mean "mini"?", or which images of such a
 * name can be downloaded. */
bool image_choice_check(struct home *home, const char *name, struct error *error);
