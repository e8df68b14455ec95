/* The cloud images that `pgsup image download` knows by name, compiled in. Pure. An address is the
 * publisher's "latest" of that release; what it holds changes with time, its meaning does not. */
#pragma once

#include "machine/spec.h"

#include <stddef.h>

#define CATALOGUE_ARCH_COUNT 2

struct catalogue_image {
    const char *name;
    const char *title;
    /* What its cloud-init calls a seed over HTTP: "nocloud-net" before 24.1, then "nocloud". */
    const char *seed_source;
    const char *urls[CATALOGUE_ARCH_COUNT]; /* by enum spec_arch; NULL: not published */
};

const struct catalogue_image *catalogue_images(size_t *count);
const struct catalogue_image *catalogue_find(const char *name); /* NULL: not in it */
/* The names, comma separated, for messages; caller frees. */
char *catalogue_names(void);
