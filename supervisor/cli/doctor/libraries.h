/* The versions of the libraries that this program runs with. */
#pragma once

#include <jansson.h>

json_t *libraries_list(void); /* {"libuv": "1.51.0", …}; caller owns */
