#include "completion_shells.h"

#include "base/alloc.h"
#include "cli/command.h"
#include "completion_option.h"

#include <string.h>

static const char preamble[] =
    "#compdef pgsup\n"
    "# zsh completion of pgsup, written by: pgsup completion zsh\n"
    "_pgsup_names() {\n"
    "    local -a names=(${(f)\"$(pgsup $pgsup_home $1 list --names-only $argv[2,-1] 2>/dev/null)\"})\n"
    "    compadd -a names\n"
    "}\n"
    "_pgsup_sources() {\n"
    "    if [[ $PREFIX != *@* ]]; then _pgsup_names instance; return; fi\n"
    "    local -a names=(${(f)\"$(pgsup $pgsup_home snapshot list --names-only ${PREFIX%%@*} "
    "2>/dev/null)\"})\n"
    "    names=(${PREFIX%%@*}@${^names})\n"
    "    compadd -a names\n"
    "}\n"
    "_pgsup_arguments() { # those that are typed; $1: the options that take a value\n"
    "    for (( index = begin; index < CURRENT; index++ )); do\n"
    "        case $words[index] in\n"
    "        -*) if [[ $1 == *\" $words[index] \"* ]]; then (( index++ )); fi;;\n"
    "        *) arguments+=(${(Q)words[index]});;\n"
    "        esac\n"
    "    done\n"
    "}\n"
    "_pgsup() {\n"
    "    local command='' previous=$words[CURRENT-1] index=2 begin=2\n"
    "    local -a pgsup_home groups=(%s) rows arguments\n"
    "    while (( index < CURRENT )); do\n"
    "        case $words[index] in\n"
    "        -p|--path) pgsup_home=(-p ${(Q)words[index+1]}); (( index++ ));;\n"
    "        -*) ;;\n"
    "        *)\n"
    "            if [[ -z $command ]]; then\n"
    "                command=$words[index] begin=$(( index + 1 ))\n"
    "            elif (( ${groups[(Ie)$command]} )); then\n"
    "                command=\"$command $words[index]\" begin=$(( index + 1 ))\n"
    "            fi;;\n"
    "        esac\n"
    "        (( index++ ))\n"
    "    done\n"
    "    case $command in\n";

static const char ending[] = "    esac\n"
                             "}\n"
                             "if [[ $funcstack[1] == _pgsup ]]; then\n"
                             "    _pgsup \"$@\"\n"
                             "else\n"
                             "    compdef _pgsup pgsup\n"
                             "fi\n";

/* Writes 'left:right' in single quotes; escapes colons and quotes in it. */
static void write_description(struct buffer *script, const char *left, const char *right) {
    buffer_printf(script, " '%s:", left);
    for (; *right; right++) {
        if (*right == '\'')
            buffer_puts(script, "'\\''");
        else if (*right == ':' || *right == '\\')
            buffer_printf(script, "\\%c", *right);
        else
            buffer_putc(script, *right);
    }
    buffer_putc(script, '\'');
}

static void write_zsh_list(const struct command *const *table, const struct command *group,
                           struct buffer *script) {
    buffer_puts(script, "rows=(");
    for (const struct command *const *each = table; *each; each++)
        if (command_is_listed(group, *each))
            write_description(script, command_last_word(*each), (*each)->summary);
    if (!group)
        completion_option_each_brief(table, script, write_description);
    buffer_puts(script, "); _describe command rows");
}

static void write_zsh_options(const struct option_spec *specs, struct buffer *script) {
    buffer_puts(script, "rows=(");
    for (; specs && specs->name; specs++) {
        if (specs->hidden)
            continue;
        scoped(alloc_release) char *left = alloc_printf("--%s", specs->name);
        write_description(script, left, specs->help);
    }
    write_description(script, "--help", "show help");
    buffer_puts(script, "); _describe -o option rows");
}

static const char *zsh_offer(enum command_completes kind) {
    switch (kind) {
    case COMPLETES_INSTANCES: return "_pgsup_names instance";
    case COMPLETES_SOURCES: return "_pgsup_sources";
    case COMPLETES_IMAGES: return "_pgsup_names image";
    case COMPLETES_FILES: return "_files";
    case COMPLETES_LAUNCHABLE: return "_pgsup_names image; _pgsup_names image --available";
    case COMPLETES_TRASH: return "_pgsup_names trash";
    case COMPLETES_SNAPSHOTS: return "_pgsup_names snapshot $arguments[1]";
    case COMPLETES_DISKS: return "_pgsup_names disk $arguments[1]";
    case COMPLETES_NICS: return "_pgsup_names nic $arguments[1]";
    case COMPLETES_FORWARDS: return "_pgsup_names forward $arguments[1]";
    default: return "true";
    }
}

static const struct completion_option_words zsh_words = {"compadd ", "", zsh_offer};

static void write_zsh_arguments(const struct command *command, struct buffer *script) {
    enum command_completes first = command->completes, next = completion_option_next(command);
    scoped(alloc_release) char *valued = completion_option_valued(command);
    if (first == next)
        buffer_puts(script, zsh_offer(first));
    else
        buffer_printf(script,
                      "_pgsup_arguments '%s'\n"
                      "            if (( $#arguments == 0 )); then %s; else %s; fi",
                      valued, zsh_offer(first), zsh_offer(next));
}

static void write_zsh_command(const struct command *const *table, const struct command *command,
                              struct buffer *script) {
    scoped(alloc_release) char *others = completion_option_other_words(command, "'");
    buffer_printf(script, "    '%s'%s)\n        case $previous in\n", command->path, others);
    for (const struct option_spec *spec = command->options; spec && spec->name; spec++)
        if (spec->value)
            completion_option_write_value(spec, &zsh_words, script);
    buffer_puts(script, "        *) if [[ $PREFIX == -* ]]; then\n            ");
    write_zsh_options(command->options, script);
    buffer_puts(script, "\n        else\n            ");
    if (command_is_group(command))
        write_zsh_list(table, command, script);
    else if (command->completes == COMPLETES_COMMANDS)
        write_zsh_list(table, NULL, script);
    else
        write_zsh_arguments(command, script);
    buffer_puts(script, "\n        fi;;\n        esac;;\n");
}

void completion_zsh(const struct command *const *table, struct buffer *script) {
    const char *hole = strstr(preamble, "%s");
    buffer_append(script, preamble, (size_t)(hole - preamble));
    for (size_t i = 0; table[i]; i++)
        if (command_is_group(table[i]))
            buffer_printf(script, "%s ", table[i]->path);
    buffer_puts(script, hole + 2);
    buffer_puts(script, "    '')\n        case $previous in\n        -p|--path) _files -/;;\n"
                        "        *) if [[ $PREFIX == -* ]]; then\n            ");
    write_zsh_options(command_global_options, script);
    buffer_puts(script, "\n        else\n            ");
    write_zsh_list(table, NULL, script);
    buffer_puts(script, "\n        fi;;\n        esac;;\n");
    for (size_t i = 0; table[i]; i++)
        if (!table[i]->hidden)
            write_zsh_command(table, table[i], script);
    buffer_puts(script, ending);
}
