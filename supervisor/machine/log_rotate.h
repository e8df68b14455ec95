/* Keeps a log small that other processes write to (QEMU, vmnet-helper): they hold it open for
 * appending, so that it is emptied in place, after its end was copied to PATH.1. What is written
 * during the copy may be lost. */
#pragma once

#include <stdbool.h>

#define LOG_ROTATE_LIMIT_BYTES (1u << 20)
#define LOG_ROTATE_KEPT_BYTES  (1u << 20) /* of what was more */

/* True: it was longer than the limit and is empty now. Symbolic links are not followed. */
bool log_rotate(const char *path);
