/* The JSON Schema of a lab file, from the same tables as its parser. */
#pragma once

#include <jansson.h>

json_t *lab_schema(void); /* caller owns */
