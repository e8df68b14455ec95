/* README.md of an export: the commands that run it there, and what was left behind. Pure. */
#pragma once

#include "base/buffer.h"
#include "home/moving/export_form.h"

void export_guide_write(enum export_engine engine, const struct export_form *form,
                        struct buffer *text);
