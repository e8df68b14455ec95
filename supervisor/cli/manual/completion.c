#include "completion.h"

#include "base/alloc.h"

#include <string.h>

bool completion_write(const struct command *const *table, const char *shell,
                      struct buffer *script) {
    static const struct {
        const char *shell;
        void (*write)(const struct command *const *table, struct buffer *script);
    } writers[] = {
        {"bash", completion_bash},
        {"zsh", completion_zsh},
        {"fish", completion_fish},
    };
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        if (strcmp(shell, writers[i].shell) != 0)
            continue;
        writers[i].write(table, script);
        return true;
    }
    return false;
}

enum command_completes completion_of_value(const struct option_spec *spec) {
    if (!spec->value)
        return COMPLETES_NOTHING;
    if (strcmp(spec->value, "FILE") == 0 || strcmp(spec->value, "PATH") == 0)
        return COMPLETES_FILES;
    if (strcmp(spec->value, "IMAGE") == 0)
        return COMPLETES_IMAGES;
    if (strcmp(spec->value, "INSTANCE") == 0)
        return COMPLETES_INSTANCES;
    return COMPLETES_NOTHING;
}

bool completion_has_choices(const struct option_spec *spec) {
    return spec->value && strchr(spec->value, '|');
}

char *completion_choices(const struct option_spec *spec) {
    char *choices = alloc_string(spec->value);
    for (char *bar = choices; (bar = strchr(bar, '|'));)
        *bar = ' ';
    return choices;
}

bool completion_lists(const struct command *group, const struct command *command) {
    if (command->hidden)
        return false;
    return group ? command_is_parent(group, command) : !strchr(command->path, ' ');
}
