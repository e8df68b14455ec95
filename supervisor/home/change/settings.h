/* Settings of an instance that exists: those of the options that are NULL keep their value. */
#pragma once

#include "home/change/home_edit.h"
#include "home/instance/definition.h"

bool settings_change(struct home_edit *edit, const struct instance_change_options *options,
                     struct error *error);
