/* The image that a person names for a new instance: when it is not there, what is. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/image_table.h"

#define IMAGE_CHOICE_DEFAULT "ubuntu-jammy" /* of several; the predecessor's */

/* The name given, else that of the only image of the home, else the default. Caller frees; NULL:
 * ERROR_NOT_FOUND: "no image "minii" in this home: did you mean "mini"?", or which images of such a
 * name can be downloaded; ERROR_USAGE: which of several. */
char *image_choice_resolve(struct home *home, const char *given, struct error *error);
/* Such a sentence, of a name that none of the images of the home has. */
bool image_choice_fail_absent(const struct home *home, const struct store_images *images,
                              const char *name, struct error *error);
/* 'image "mini" imported', and which architecture it was taken for, if neither `arch`, as given,
 * nor the name of the file or address told. */
void image_choice_tell(const char *name, const char *done, const char *arch, const char *from);
