/* Finds other programs, and runs one until it exits, with its output captured. Blocking. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

#define PROGRAM_OUTPUT_LIMIT_BYTES (1u << 20)
#define PROGRAM_INPUT_LIMIT_BYTES  4096u /* what every pipe holds without a reader */

/* The absolute path, from PATH, then from the usual folders that sudo removes from it. Otherwise
 * ERROR_NOT_FOUND "qemu-img is not installed: apt-get install qemu-utils". Caller frees. */
char *program_find(const char *name, struct error *error);

/* argv[0] is found with program_find(). stdin is /dev/null; stdout and stderr go to output
 * (bounded). Kills the child after timeout_ms. A status other than 0 is an error that quotes the
 * last line. */
bool program_run(char *const argv[], unsigned timeout_ms, struct buffer *output,
                 struct error *error);

struct program_options {
    unsigned timeout_ms;
    const char *input; /* its stdin, of at most PROGRAM_INPUT_LIMIT_BYTES; NULL: /dev/null */
    int kept;          /* a descriptor that is not closed before its end, like a lock; 0: none */
};
bool program_run_with(char *const argv[], const struct program_options *options,
                      struct buffer *output, struct error *error);
