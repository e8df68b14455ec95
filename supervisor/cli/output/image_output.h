/* An image as `image list` and `image info` show it. */
#pragma once

#include "store/image_table.h"

#include <jansson.h>

json_t *image_output_object(const struct store_image *image); /* new reference */
