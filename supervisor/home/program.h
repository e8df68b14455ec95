/* Other programs: where they are, and running one to its end with its output captured. Blocking. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

#define PROGRAM_OUTPUT_LIMIT_BYTES (1u << 20)

/* Absolute path, from PATH and then the usual places that sudo leaves out of it. Not found:
 * ERROR_NOT_FOUND "qemu-img is not installed: apt-get install qemu-utils". Caller frees. */
char *program_find(const char *name, struct error *error);

/* argv[0] is found with program_find(). stdin is /dev/null; stdout and stderr go to output
 * (bounded). Ends the child after limit_ms. A status other than 0 is an error that quotes the last
 * line. */
bool program_run(char *const argv[], unsigned limit_ms, struct buffer *output, struct error *error);
