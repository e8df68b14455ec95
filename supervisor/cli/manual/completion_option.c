#include "completion_option.h"

#include "base/alloc.h"

#include <string.h>

enum command_completes completion_option_completes(const struct option_spec *spec) {
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

bool completion_option_has_choices(const struct option_spec *spec) {
    return spec->value && strchr(spec->value, '|');
}

char *completion_option_choices(const struct option_spec *spec) {
    char *choices = alloc_string(spec->value);
    for (char *bar = choices; (bar = strchr(bar, '|'));)
        *bar = ' ';
    return choices;
}

void completion_option_write_value(const struct option_spec *spec,
                                   const struct completion_option_words *words,
                                   struct buffer *script) {
    buffer_puts(script, "        ");
    if (spec->letter)
        buffer_printf(script, "-%c|", spec->letter);
    buffer_printf(script, "--%s) ", spec->name);
    if (completion_option_has_choices(spec)) {
        scoped(alloc_release) char *choices = completion_option_choices(spec);
        buffer_printf(script, "%s%s%s;;\n", words->before, choices, words->after);
    } else {
        buffer_printf(script, "%s;;\n", words->offer(completion_option_completes(spec)));
    }
}

char *completion_option_other_words(const struct command *command, const char *quote) {
    struct buffer words = {0};
    int group = (int)(command_last_word(command) - command->path);
    for (const char *word = command->brief; word && *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        buffer_putc(&words, '|');
        buffer_append(&words, word, length);
        word += length;
    }
    if (command->alias && group)
        buffer_printf(&words, "|%s%.*s%s%s", quote, group, command->path, command->alias, quote);
    else if (command->alias)
        buffer_printf(&words, "|%s", command->alias);
    buffer_puts(&words, "");
    return buffer_take(&words);
}

enum command_completes completion_option_next(const struct command *command) {
    const char *arguments = command->arguments ? command->arguments : "";
    scoped(alloc_release) char *first = alloc_slice(arguments, strcspn(arguments, " "));
    if (command->completes_next != COMPLETES_NOTHING)
        return command->completes_next;
    return strstr(first, "...") ? command->completes : COMPLETES_NOTHING;
}

char *completion_option_valued(const struct command *command) {
    struct buffer words = {0};
    buffer_putc(&words, ' ');
    for (const struct option_spec *spec = command->options; spec && spec->name; spec++) {
        if (spec->value)
            buffer_printf(&words, "--%s ", spec->name);
        if (spec->value && spec->letter)
            buffer_printf(&words, "-%c ", spec->letter);
    }
    return buffer_take(&words);
}

void completion_option_each_brief(const struct command *const *table, struct buffer *script,
                                  void (*write)(struct buffer *script, const char *word,
                                                const char *summary)) {
    for (; *table; table++) {
        const char *word = (*table)->hidden ? NULL : (*table)->brief;
        for (; word && *word; word += strspn(word, " ")) {
            scoped(alloc_release) char *one = alloc_slice(word, strcspn(word, " "));
            write(script, one, (*table)->summary);
            word += strlen(one);
        }
    }
}
