/* Where the admin password comes from: --admin-password, the first line of --admin-password-file
 * (a dash: the standard input), or a prompt without echo on the terminal; none at all with
 * --no-admin-password. Caller releases the result, which wipes it:
 *     scoped(password_input_release) char *password = NULL;
 *     if (!password_input_read(invocation, &password, error)) … */
#pragma once

#include "base/error.h"
#include "cli/invocation.h"

#define PASSWORD_INPUT_LIMIT_BYTES 256u

/* NULL in *password: none is wanted. */
bool password_input_read(const struct invocation *invocation, char **password, struct error *error);
void password_input_release(char **password);
