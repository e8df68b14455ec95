/* The arguments for QEMU that a user wrote into the file qemu.args of an instance: one a line;
 * empty lines and those that begin with # are skipped. */
#pragma once

#include "base/error.h"
#include "base/strv.h"

/* Appends them. A folder without the file has none. */
bool plan_arguments_read(const char *folder, struct strv *arguments, struct error *error);
