/* Where the admin password comes from: --admin-password, the first line of --admin-password-file
 * (a dash: the standard input), or a prompt without echo on the terminal. Caller releases the
 * result, which wipes it:
 *     scoped(password_input_release) char *password = password_input_read(invocation, error);
 * NULL: error set. */
#pragma once

#include "base/error.h"
#include "cli/invocation.h"

#define PASSWORD_INPUT_LIMIT_BYTES 256u

char *password_input_read(const struct invocation *invocation, struct error *error);
void password_input_release(char **password);
