#include "completion_shells.h"

#include "base/alloc.h"
#include "cli/command.h"
#include "completion_option.h"

#include <string.h>

static const char preamble[] =
    "# fish completion of pgsup, written by: pgsup completion fish\n"
    "function __pgsup_words # without options and the values of those in $argv\n"
    "    set -l words (commandline -opc)\n"
    "    set -l skip yes\n"
    "    for word in $words\n"
    "        if test $skip = yes\n"
    "            set skip no\n"
    "            continue\n"
    "        end\n"
    "        switch $word\n"
    "            case -p --path $argv\n"
    "                set skip yes\n"
    "            case '-*'\n"
    "            case '*'\n"
    "                echo $word\n"
    "        end\n"
    "    end\n"
    "end\n"
    "function __pgsup_at # exactly these words have been typed\n"
    "    set -l words (__pgsup_words)\n"
    "    test \"$words\" = \"$argv\"\n"
    "end\n"
    "function __pgsup_in # what has been typed begins with these words\n"
    "    set -l words (__pgsup_words)\n"
    "    string match -q -- \"$argv *\" \"$words \"\n"
    "end\n"
    "function __pgsup_first # the first argument of this command is next; PATH VALUED...\n"
    "    set -l words (__pgsup_words $argv[2..])\n"
    "    test \"$words\" = \"$argv[1]\"\n"
    "end\n"
    "function __pgsup_next # one behind the first argument is; PATH VALUED...\n"
    "    set -l words (__pgsup_words $argv[2..])\n"
    "    string match -q -- \"$argv[1] *\" \"$words\"\n"
    "end\n"
    "function __pgsup_names_of # KIND PATH VALUED...\n"
    "    set -l words (__pgsup_words $argv[3..])\n"
    "    set -l path (string split ' ' -- $argv[2])\n"
    "    __pgsup_names $argv[1] $words[(math (count $path) + 1)]\n"
    "end\n"
    "function __pgsup_names\n"
    "    set -l words (commandline -opc)\n"
    "    set -l home\n"
    "    if set -l index (contains -i -- -p $words; or contains -i -- --path $words)\n"
    "        set home -p $words[(math $index + 1)]\n"
    "    end\n"
    "    pgsup $home $argv[1] list --names-only $argv[2..] 2>/dev/null\n"
    "end\n"
    "function __pgsup_sources\n"
    "    set -l word (commandline -ct)\n"
    "    set -l name (string split -m 1 @ -- $word)\n"
    "    if test (count $name) -lt 2\n"
    "        __pgsup_names instance\n"
    "        return\n"
    "    end\n"
    "    for each in (__pgsup_names snapshot $name[1])\n"
    "        echo $name[1]@$each\n"
    "    end\n"
    "end\n"
    "complete -c pgsup -f\n";

static void write_quoted(struct buffer *script, const char *text) {
    buffer_putc(script, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buffer_putc(script, '\\');
        buffer_putc(script, *text);
    }
    buffer_putc(script, '\'');
}

static const char *fish_offer(enum command_completes kind) {
    switch (kind) {
    case COMPLETES_INSTANCES: return "-a '(__pgsup_names instance)'";
    case COMPLETES_SOURCES: return "-a '(__pgsup_sources)'";
    case COMPLETES_IMAGES: return "-a '(__pgsup_names image)'";
    case COMPLETES_FILES: return "-F";
    case COMPLETES_LAUNCHABLE: return "-a '(__pgsup_names image; __pgsup_names image --available)'";
    case COMPLETES_TRASH: return "-a '(__pgsup_names trash)'";
    default: return NULL;
    }
}

/* What belongs to the first argument: the group that lists it; NULL: nothing. */
static const char *fish_group(enum command_completes kind) {
    switch (kind) {
    case COMPLETES_SNAPSHOTS: return "snapshot";
    case COMPLETES_DISKS: return "disk";
    case COMPLETES_NICS: return "nic";
    case COMPLETES_FORWARDS: return "forward";
    default: return NULL;
    }
}

static void write_row(const char *condition, const struct command *command, struct buffer *script) {
    buffer_printf(script, "complete -c pgsup -n '%s' -a %s -d ", condition,
                  command_last_word(command));
    write_quoted(script, command->summary);
    buffer_putc(script, '\n');
}

static void write_fish_brief(struct buffer *script, const char *word, const char *summary) {
    buffer_printf(script, "complete -c pgsup -n __pgsup_at -a %s -d ", word);
    write_quoted(script, summary);
    buffer_putc(script, '\n');
}

static void write_option(const char *condition, const struct option_spec *spec,
                         struct buffer *script) {
    buffer_printf(script, "complete -c pgsup -n '%s' -l %s", condition, spec->name);
    if (spec->letter)
        buffer_printf(script, " -s %c", spec->letter);
    if (completion_option_has_choices(spec)) {
        scoped(alloc_release) char *choices = completion_option_choices(spec);
        buffer_printf(script, " -x -a '%s'", choices);
    } else if (spec->value) {
        const char *offered = fish_offer(completion_option_completes(spec));
        buffer_printf(script, " -r%s%s", offered ? " " : "", offered ? offered : "");
    }
    buffer_puts(script, " -d ");
    write_quoted(script, spec->help);
    buffer_putc(script, '\n');
}

static void write_fish_options(const char *condition, const struct option_spec *specs,
                               struct buffer *script) {
    static const struct option_spec help = {"help", 'h', .help = "show help"};
    for (; specs && specs->name; specs++)
        if (!specs->hidden)
            write_option(condition, specs, script);
    write_option(condition, &help, script);
}

static void write_fish_list(const char *condition, const struct command *const *table,
                            const struct command *group, struct buffer *script) {
    for (; *table; table++)
        if (command_is_listed(group, *table))
            write_row(condition, *table, script);
}

static void write_fish_arguments(const struct command *command, const char *path,
                                 struct buffer *script) {
    enum command_completes next = completion_option_next(command);
    const char *offered = fish_offer(command->completes), *group = fish_group(next);
    scoped(alloc_release) char *valued = completion_option_valued(command);
    if (offered && next == command->completes)
        buffer_printf(script, "complete -c pgsup -n '__pgsup_in %s' %s\n", path, offered);
    else if (offered)
        buffer_printf(script, "complete -c pgsup -n '__pgsup_first \"%s\"%s' %s\n", path, valued,
                      offered);
    if (group)
        buffer_printf(script,
                      "complete -c pgsup -n '__pgsup_next \"%s\"%s' -a '(__pgsup_names_of %s "
                      "\"%s\"%s)'\n",
                      path, valued, group, path, valued);
}

/* path: what calls it. */
static void write_fish_command(const struct command *const *table, const struct command *command,
                               const char *path, struct buffer *script) {
    scoped(alloc_release) char *at = alloc_printf("__pgsup_at %s", path);
    scoped(alloc_release) char *in = alloc_printf("__pgsup_in %s", path);
    if (command_is_group(command)) {
        write_fish_list(at, table, command, script);
        write_fish_options(at, NULL, script);
        return;
    }
    write_fish_options(in, command->options, script);
    if (command->completes == COMPLETES_COMMANDS)
        write_fish_list(in, table, NULL, script);
    else
        write_fish_arguments(command, path, script);
}

static void write_fish_names(const struct command *const *table, const struct command *command,
                             struct buffer *script) {
    scoped(alloc_release) char *others = completion_option_other_words(command, "");
    char *save = NULL;
    write_fish_command(table, command, command->path, script);
    for (char *word = strtok_r(others, "|", &save); word; word = strtok_r(NULL, "|", &save))
        write_fish_command(table, command, word, script);
}

void completion_fish(const struct command *const *table, struct buffer *script) {
    buffer_puts(script, preamble);
    write_fish_list("__pgsup_at", table, NULL, script);
    completion_option_each_brief(table, script, write_fish_brief);
    write_fish_options("__pgsup_at", command_global_options, script);
    for (size_t i = 0; table[i]; i++)
        if (!table[i]->hidden)
            write_fish_names(table, table[i], script);
}
