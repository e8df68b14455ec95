#include "confirmation.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool confirmation_ask(const struct invocation *invocation, const char *loss, struct error *error) {
    char answer[32] = "";
    if (invocation_flag(invocation, "yes"))
        return true;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return error_set(error, ERROR_USAGE, "%s: the option -y says that this is meant", loss);
    fprintf(stderr, "%s. Go on? [y/N] ", loss);
    bool read = fgets(answer, sizeof answer, stdin) != NULL;
    if (!read)
        fputc('\n', stderr);
    return strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0 ||
           strcmp(answer, "Y\n") == 0 || error_set(error, ERROR_CANCELLED, "nothing was changed");
}
