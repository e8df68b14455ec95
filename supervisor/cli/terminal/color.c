#include "color.h"

#include "cli/terminal/terminal.h"

#include <stdlib.h>
#include <string.h>

bool color_wanted(const char *word, FILE *file, bool *wanted, struct error *error) {
    const char *refused = getenv("NO_COLOR");
    bool is_auto = strcmp(word, "auto") == 0;
    *wanted = is_auto ? terminal_is_capable(fileno(file)) && !(refused && *refused)
                      : strcmp(word, "always") == 0;
    return is_auto || *wanted || strcmp(word, "never") == 0 ||
           error_set(error, ERROR_USAGE, "--color is auto, always or never, not \"%.40s\"", word);
}

const char *color_of_state(const char *state) {
    static const struct {
        const char *states, *style;
    } rows[] = {
        {" ready running ", "\033[32m"},
        {" failed lost killing aborting ", "\033[31m"},
        {" paused starting booting stopping quitting ", "\033[33m"},
        {" stopped ", "\033[2m"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *found = strstr(rows[i].states, state);
        if (found && *state && found[-1] == ' ' && found[strlen(state)] == ' ')
            return rows[i].style;
    }
    return "";
}
