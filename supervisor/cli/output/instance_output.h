/* The definition of an instance as the command line shows it. Its seed token is a secret and is not
 * part of that. */
#pragma once

#include "home/home.h"
#include "store/instance_table.h"

#include <jansson.h>

json_t *instance_output_object(const struct home *home, const struct store_instance *instance);
void instance_output_print(const struct home *home, const struct store_instance *instance);
