#include "command.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "cli/peer_words.h"

#include <string.h>

const struct option_spec command_global_options[] = {
    {"path", 'p', "PATH", .help = "cloud home; default: $PGSUP_HOME, else ~/var/pgsup"},
    {"quiet", 'q', .help = "no progress on stderr"},
    {"version", 'V', .help = "print the version"},
    OPTIONS_END,
};

bool command_is_group(const struct command *command) {
    return !command->run;
}

bool command_is_parent(const struct command *group, const struct command *command) {
    size_t length = strlen(group->path);
    return strncmp(command->path, group->path, length) == 0 && command->path[length] == ' ';
}

const char *command_last_word(const struct command *command) {
    const char *space = strrchr(command->path, ' ');
    return space ? space + 1 : command->path;
}

const char *command_section_heading(enum command_section section) {
#define HEADING(name, heading) [name] = heading,
    static const char *const headings[] = {COMMAND_SECTIONS(HEADING)};
#undef HEADING
    return headings[section];
}

static bool is_called(const struct command *command, const char *path) {
    if (strcmp(command->path, path) == 0 || options_has_word(command->brief, path, strlen(path)))
        return true;
    size_t group = (size_t)(command_last_word(command) - command->path);
    return command->alias && strncmp(command->path, path, group) == 0 &&
           strcmp(command->alias, path + group) == 0;
}

const struct command *command_find(const struct command *const *table, const char *path) {
    for (; *table; table++)
        if (is_called(*table, path))
            return *table;
    return NULL;
}

/* What was meant, without regard to spelling: "`pgsup rm NAME` removes an instance". Caller frees;
 * NULL: not known. */
static char *meaning_of(const struct command *const *table, const struct command *group,
                        const char *word) {
    const char *answer = peer_words_answer(group ? group->path : "", word);
    bool of_instances = group && strcmp(group->path, "instance") == 0;
    const struct command *top = of_instances ? command_find(table, word) : NULL;
    if (answer)
        return alloc_string(answer);
    return top ? alloc_printf("did you mean \"%s\"?", top->path) : NULL;
}

static void unknown(const struct command *const *table, const struct command *group,
                    const char *word, struct error *error) {
    struct nearest nearest;
    scoped(alloc_release) char *meaning = meaning_of(table, group, word);
    nearest_init(&nearest, word, strlen(word));
    for (; *table; table++) {
        bool beside = group ? command_is_parent(group, *table) : !strchr((*table)->path, ' ');
        if (!beside || (*table)->hidden)
            continue;
        nearest_offer(&nearest, command_last_word(*table));
        if ((*table)->alias)
            nearest_offer(&nearest, (*table)->alias);
    }
    const char *path = group ? group->path : "", *space = group ? " " : "";
    if (meaning)
        error_set(error, ERROR_USAGE, "unknown command \"%s%s%s\": %s", path, space, word, meaning);
    else if (nearest.best)
        error_set(error, ERROR_USAGE, "unknown command \"%s%s%s\": did you mean \"%s%s%s\"?", path,
                  space, word, path, space, nearest.best);
    else
        error_set(error, ERROR_USAGE,
                  "unknown command \"%s%s%s\": `pgsup help%s%s` lists all commands", path, space,
                  word, space, path);
}

const struct command *command_resolve(const struct command *const *table,
                                      const struct command *group, const char *word,
                                      struct error *error) {
    scoped(alloc_release) char *path =
        group ? alloc_printf("%s %s", group->path, word) : alloc_string(word);
    const struct command *command = command_find(table, path);
    if (!command)
        unknown(table, group, word, error);
    return command;
}

bool command_is_listed(const struct command *group, const struct command *command) {
    if (command->hidden)
        return false;
    return group ? command_is_parent(group, command) : !strchr(command->path, ' ');
}
