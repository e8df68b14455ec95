/* Settings of an instance that exists. */
#pragma once

#include "home/change/home_edit.h"
#include "home/instance/definition.h"

/* Settings that are NULL keep their value. */
bool settings_change(struct home_edit *edit, const struct instance_change_options *options,
                     struct error *error);
