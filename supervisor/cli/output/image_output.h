/* An image as `image list` and `image info` show it. */
#pragma once

#include "home/home.h"
#include "store/image_table.h"

#include <jansson.h>

json_t *image_output_object(const struct store_image *image); /* new reference */
/* With its path and who uses it; NULL: error set. */
json_t *image_output_whole(struct home *home, const struct store_image *image, struct error *error);
