#include "man.h"

#include "base/alloc.h"
#include "cli/command.h"
#include "cli/help.h"

#include <ctype.h>
#include <string.h>

/* Text of one line: nothing in it is a request, and hyphens can be copied from the page. */
void man_write_text(struct buffer *page, const char *text) {
    if (*text == '.' || *text == '\'')
        buffer_puts(page, "\\&");
    for (; *text; text++) {
        if (*text == '\\')
            buffer_puts(page, "\\e");
        else if (*text == '-')
            buffer_puts(page, "\\-");
        else if (*text == '`')
            buffer_puts(page, "\\(ga");
        else
            buffer_putc(page, *text);
    }
    buffer_putc(page, '\n');
}

void man_write_request(struct buffer *page, const char *request, const char *text) {
    buffer_printf(page, ".%s ", request);
    man_write_text(page, text);
}

enum details_line { LINE_EMPTY, LINE_TEXT, LINE_VERBATIM };

/* Writes the requests between a line and the previous one. */
static void write_transition(struct buffer *page, enum details_line before,
                             enum details_line line) {
    if (before == LINE_VERBATIM && line != LINE_VERBATIM)
        buffer_puts(page, ".EE\n");
    if (line == LINE_TEXT && before != LINE_TEXT)
        buffer_puts(page, ".PP\n");
    if (line == LINE_VERBATIM && before != LINE_VERBATIM)
        buffer_puts(page, ".PP\n.EX\n");
}

/* As in help: lines that begin with a space stay unchanged. */
static void write_man_details(struct buffer *page, const char *details) {
    enum details_line before = LINE_EMPTY;
    while (*details) {
        size_t length = strcspn(details, "\n");
        scoped(alloc_release) char *text = alloc_slice(details, length);
        enum details_line line = length == 0    ? LINE_EMPTY
                                 : *text == ' ' ? LINE_VERBATIM
                                                : LINE_TEXT;
        write_transition(page, before, line);
        if (line != LINE_EMPTY)
            man_write_text(page, text);
        before = line;
        details += length;
        details += *details == '\n';
    }
    write_transition(page, before, LINE_EMPTY);
}

static void write_man_option(struct buffer *page, const struct option_spec *spec) {
    struct buffer left = {0};
    if (spec->letter)
        buffer_printf(&left, "-%c, ", spec->letter);
    buffer_printf(&left, "--%s%s%s", spec->name, spec->value ? " " : "",
                  spec->value ? spec->value : "");
    scoped(alloc_release) char *right = help_of_option(spec);
    buffer_puts(page, ".TP\n");
    man_write_request(page, "B", left.data);
    man_write_text(page, right);
    buffer_done(&left);
}

static void write_man_options(struct buffer *page, const struct option_spec *specs) {
    for (; specs && specs->name; specs++)
        if (!specs->hidden)
            write_man_option(page, specs);
}

/* What both kinds of page say below the heading of a command. */
static void write_man_body(struct buffer *page, const struct command *command) {
    const char *also = command->brief ? command->brief : command->alias;
    scoped(alloc_release) char *sentence =
        also ? alloc_printf("%s. Also called \"%s\".", command->summary, also)
             : alloc_printf("%s.", command->summary);
    man_write_text(page, sentence);
    if (command->details)
        write_man_details(page, command->details);
    write_man_options(page, command->options);
}

static void write_man_command(struct buffer *page, const struct command *command) {
    scoped(alloc_release) char *usage = help_usage(command);
    man_write_request(page, "SS", usage);
    write_man_body(page, command);
}

bool man_has(const struct command *command) {
    return !command->hidden && !command_is_group(command);
}

static void write_man_section(const struct command *const *table, enum command_section section,
                              struct buffer *page) {
    bool first = true;
    for (; *table; table++) {
        if ((*table)->section != section || !man_has(*table))
            continue;
        if (first)
            man_write_request(page, "SH", command_section_heading(section));
        first = false;
        write_man_command(page, *table);
    }
}

static void write_statuses(struct buffer *page) {
    static const char *const meanings[] = {
        "done",
        "failed",
        "the command line or a value on it is invalid",
        "not found, already taken, not allowed, or not in a state that allows it",
        "no supervisor runs: see pgsup up",
        "timeout",
    };
    buffer_puts(page, ".SH Exit status\n");
    for (unsigned status = 0; status < sizeof meanings / sizeof *meanings; status++) {
        buffer_printf(page, ".TP\n.B %u\n", status);
        man_write_text(page, meanings[status]);
    }
    buffer_puts(page, ".PP\n"
                      ".B pgsup ssh\n"
                      "exits with the status of the command in the guest, or with 255 if ssh "
                      "failed.\n");
}

char *man_page_name(const struct command *command) {
    char *name = alloc_printf("pgsup-%s", command->path);
    for (char *space = name; (space = strchr(space, ' '));)
        *space = '-';
    return name;
}

void man_write_heading(struct buffer *page, const char *name, char section, const char *summary) {
    buffer_puts(page, ".TH ");
    for (const char *letter = name; *letter; letter++)
        buffer_putc(page, (char)toupper((unsigned char)*letter));
    buffer_printf(page, " %c \"\" \"pgsup " PGSUP_VERSION "\" \"pgsup\"\n.SH Name\n", section);
    for (const char *letter = name; *letter; letter++)
        buffer_printf(page, *letter == '-' ? "\\-" : "%c", *letter);
    buffer_puts(page, " \\- ");
    buffer_putc(page, (char)tolower((unsigned char)summary[0]));
    man_write_text(page, summary + 1);
}

void man_write_command(const struct command *command, struct buffer *page) {
    scoped(alloc_release) char *name = man_page_name(command);
    scoped(alloc_release) char *usage = help_usage(command);
    man_write_heading(page, name, '1', command->summary);
    buffer_puts(page, ".SH Synopsis\n");
    man_write_request(page, "B", usage);
    buffer_puts(page, ".SH Description\n");
    write_man_body(page, command);
    buffer_puts(page, ".SH See also\n.BR pgsup (1)\n");
}

void man_write(const struct command *const *table, struct buffer *page) {
    buffer_puts(page, ".TH PGSUP 1 \"\" \"pgsup " PGSUP_VERSION "\" \"User Commands\"\n"
                      ".SH Name\npgsup \\- supervise QEMU virtual machines\n"
                      ".SH Synopsis\n.B pgsup\n[\\-p\n.IR PATH ]\n.I COMMAND\n"
                      "[OPTION...] [ARGUMENT...]\n"
                      ".SH Options of every command\n");
    write_man_options(page, command_global_options);
    for (unsigned section = 0; section < COMMAND_SECTION_COUNT; section++)
        write_man_section(table, section, page);
    write_statuses(page);
    buffer_puts(page, ".SH Environment\n.TP\n.B PGSUP_HOME\n"
                      "The cloud home when \\-\\-path is not given.\n");
}
