#include "completion.h"

#include "completion_shells.h"

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
