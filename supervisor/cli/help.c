#include "help.h"

#include "base/alloc.h"
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>

#define COLUMN         28 /* first column of the right-hand side of a list */
#define CHOICES_COLUMN 16

static size_t column_of(const struct buffer *text) {
    size_t column = 0;
    while (column < text->length && text->data[text->length - 1 - column] != '\n')
        column++;
    return column;
}

void help_write_wrapped(struct buffer *text, const char *words, size_t indent) {
    bool first = true;
    while (*words) {
        size_t length = strcspn(words, " ");
        if (!first && column_of(text) + 1 + length > HELP_WIDTH - 1) {
            buffer_putc(text, '\n');
            first = true;
        }
        if (!first)
            buffer_putc(text, ' ');
        while (first && column_of(text) < indent)
            buffer_putc(text, ' ');
        buffer_append(text, words, length);
        first = false;
        words += length;
        words += strspn(words, " ");
    }
    buffer_putc(text, '\n');
}

/* Wraps a list of choices that is too long for one line. */
static void write_left(struct buffer *text, const char *left) {
    buffer_puts(text, "  ");
    while (*left) {
        size_t length = strcspn(left, "|");
        length += left[length] == '|';
        if (column_of(text) + length > HELP_WIDTH - 1)
            buffer_printf(text, "\n%*s", CHOICES_COLUMN, "");
        buffer_append(text, left, length);
        left += length;
    }
}

void help_write_row(struct buffer *text, const char *left, const char *right) {
    write_left(text, left);
    if (column_of(text) + 2 > COLUMN)
        buffer_putc(text, '\n');
    help_write_wrapped(text, right, COLUMN);
}

static void write_paragraph(struct buffer *text, struct buffer *paragraph) {
    if (paragraph->length > 0)
        help_write_wrapped(text, paragraph->data, 0);
    buffer_clear(paragraph);
}

/* Lines that begin with a space and empty lines stay unchanged; others are joined to paragraphs. */
static void write_help_details(struct buffer *text, const char *details) {
    struct buffer paragraph = {0};
    while (*details) {
        size_t length = strcspn(details, "\n");
        if (length == 0 || *details == ' ') {
            write_paragraph(text, &paragraph);
            buffer_append(text, details, length);
            buffer_putc(text, '\n');
        } else {
            buffer_puts(&paragraph, paragraph.length > 0 ? " " : "");
            buffer_append(&paragraph, details, length);
        }
        details += length;
        details += *details == '\n';
    }
    write_paragraph(text, &paragraph);
    buffer_done(&paragraph);
}

static bool has_choice(const struct command *command) {
    for (const struct option_spec *spec = command->options; spec && spec->name; spec++)
        if (!spec->required && !spec->hidden)
            return true;
    return false;
}

char *help_usage(const struct command *command) {
    struct buffer text = {0};
    buffer_printf(&text, "pgsup %s", command->path);
    if (command_is_group(command))
        buffer_puts(&text, " COMMAND");
    for (const struct option_spec *spec = command->options; spec && spec->name; spec++) {
        if (spec->required && spec->letter)
            buffer_printf(&text, " -%c %s", spec->letter, spec->value);
        else if (spec->required)
            buffer_printf(&text, " --%s %s", spec->name, spec->value);
    }
    if (has_choice(command))
        buffer_puts(&text, " [OPTION...]");
    if (command->arguments)
        buffer_printf(&text, " %s", command->arguments);
    return buffer_take(&text);
}

char *help_of_option(const struct option_spec *spec) {
    if (spec->fallback)
        return alloc_printf("%s [default: %s]", spec->help, spec->fallback);
    return alloc_printf("%s%s%s", spec->help, spec->many ? "; may be repeated" : "",
                        spec->required ? " (required)" : "");
}

static void write_help_option(struct buffer *text, const struct option_spec *spec) {
    struct buffer left = {0};
    if (spec->letter)
        buffer_printf(&left, "-%c, ", spec->letter);
    else
        buffer_puts(&left, "    ");
    buffer_printf(&left, "--%s%s%s", spec->name, spec->value ? " " : "",
                  spec->value ? spec->value : "");
    scoped(alloc_release) char *right = help_of_option(spec);
    help_write_row(text, left.data, right);
    buffer_done(&left);
}

static void write_help_options(struct buffer *text, const char *heading,
                               const struct option_spec *specs) {
    static const struct option_spec help = {"help", 'h', .help = "show this help"};
    buffer_printf(text, "\n%s:\n", heading);
    for (; specs && specs->name; specs++)
        if (!specs->hidden)
            write_help_option(text, specs);
    write_help_option(text, &help);
}

static void write_command_row(struct buffer *text, const struct command *command) {
    const char *also = command->brief ? command->brief : command->alias;
    scoped(alloc_release) char *summary =
        also ? alloc_printf("%s (alias: %s)", command->summary, also)
             : alloc_string(command->summary);
    help_write_row(text, command->path, summary);
}

static void write_help_section(struct buffer *text, const struct command *const *table,
                               enum command_section section) {
    bool first = true;
    for (; *table; table++) {
        if ((*table)->section != section || (*table)->hidden || command_is_group(*table))
            continue;
        if (first)
            buffer_printf(text, "\n%s:\n", command_section_heading(section));
        first = false;
        write_command_row(text, *table);
    }
}

static void write_program(const struct command *const *table, struct buffer *text) {
    buffer_puts(text, "Usage: pgsup [-p PATH] COMMAND [OPTION...] [ARGUMENT...]\n\n"
                      "Supervises QEMU virtual machines on your own computer.\n");
    for (unsigned section = 0; section < COMMAND_SECTION_COUNT; section++)
        write_help_section(text, table, section);
    write_help_options(text, "Options of every command", command_global_options);
    buffer_puts(text,
                "\n"
                "A SIZE is 512M, 1.5G or \"2 GiB\", a DURATION 90 (seconds), 5m, 1h30m or 2d.\n"
                "`pgsup help COMMAND` shows more about a command.\n");
}

static void write_group(const struct command *const *table, const struct command *group,
                        struct buffer *text) {
    buffer_puts(text, "\nCommands:\n");
    for (; *table; table++)
        if (command_is_parent(group, *table) && !(*table)->hidden)
            write_command_row(text, *table);
    buffer_printf(text,
                  "\n"
                  "`pgsup help %s COMMAND` shows more about a command.\n",
                  group->path);
}

static void write_also_called(struct buffer *text, const struct command *command) {
    int group = (int)(command_last_word(command) - command->path);
    const char *separator = "Also called: ";
    if (command->alias) {
        buffer_printf(text, "%s%.*s%s", separator, group, command->path, command->alias);
        separator = ", ";
    }
    for (const char *word = command->brief; word && *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        buffer_printf(text, "%s%.*s", separator, (int)length, word);
        separator = ", ";
        word += length;
    }
    if (command->alias || command->brief)
        buffer_putc(text, '\n');
}

void help_write(const struct command *const *table, const struct command *command,
                struct buffer *text) {
    if (!command) {
        write_program(table, text);
        return;
    }
    scoped(alloc_release) char *usage = help_usage(command);
    buffer_printf(text, "Usage: %s\n\n%s.\n", usage, command->summary);
    write_also_called(text, command);
    if (command->details) {
        buffer_putc(text, '\n');
        write_help_details(text, command->details);
    }
    if (command_is_group(command))
        write_group(table, command, text);
    else
        write_help_options(text, "Options", command->options);
}

void help_print_beginning(FILE *file) {
    fputs("pgsup supervises QEMU virtual machines on your own computer. To begin:\n"
          "\n"
          "  pgsup launch debian-12 -n test         # all of these in one command:\n"
          "  pgsup cloud create --ssh-public-key ~/.ssh/id_ed25519.pub --network user\n"
          "  pgsup image download -n debian-12      # image list --available: the others\n"
          "  pgsup create test --os debian-12       # set, resize, clone, rename, rm\n"
          "  pgsup up --detach                      # supervises in the background\n"
          "  pgsup start test --wait                # until the guest is ready\n"
          "  pgsup ssh test                         # a shell; console: the serial one\n"
          "\n"
          "  pgsup list          what there is, what runs and where it is reached\n"
          "  pgsup info test     everything about one; events: what happened\n"
          "  pgsup stop test     shuts it down; down: all of them, and the supervisor\n"
          "\n"
          "`pgsup help` lists all commands and topics, `pgsup help COMMAND` explains one.\n",
          file);
}

void help_print(const struct command *const *table, const struct command *command, FILE *file) {
    struct buffer text = {0};
    help_write(table, command, &text);
    fwrite(text.data, 1, text.length, file);
    buffer_done(&text);
}
