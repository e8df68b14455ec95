#include "completion_shells.h"

#include "base/alloc.h"
#include "cli/command.h"
#include "completion_option.h"

/* Runs in the bash 3.2 of macOS as well. */
static const char preamble[] =
    "# bash completion of pgsup, written by: pgsup completion bash\n"
    "_pgsup_names() {\n"
    "    local group=\"$1\"\n"
    "    shift\n"
    "    pgsup \"${pgsup_home[@]}\" \"$group\" list --names-only \"$@\" 2>/dev/null\n"
    "}\n"
    "_pgsup_sources() {\n"
    "    local name=\"${word%%@*}\" each\n"
    "    [ \"$name\" != \"$word\" ] || { _pgsup_names instance; return; }\n"
    "    for each in $(_pgsup_names snapshot \"$name\"); do echo \"$name@$each\"; done\n"
    "}\n"
    "_pgsup_arguments() { # those that are typed; $1: the options that take a value\n"
    "    local value=\"\"\n"
    "    for ((index = begin; index < COMP_CWORD; index++)); do\n"
    "        case \"${COMP_WORDS[index]}\" in\n"
    "        =) value=yes; continue;;\n"
    "        -*)\n"
    "            case \"$1\" in *\" ${COMP_WORDS[index]} \"*) value=yes; continue;; esac;;\n"
    "        *) [ -n \"$value\" ] || arguments+=(\"${COMP_WORDS[index]}\");;\n"
    "        esac\n"
    "        value=\"\"\n"
    "    done\n"
    "}\n"
    "_pgsup_join() { # bash takes an @ for the end of a word\n"
    "    local line=\"${COMP_LINE:0:COMP_POINT}\"\n"
    "    case \"${line##* }\" in *@*) ;; *) return;; esac\n"
    "    read -ra COMP_WORDS <<<\"$line\"\n"
    "    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
    "}\n"
    "_pgsup_colon() { # and a colon, if COMP_WORDBREAKS has it: what is before one stays\n"
    "    local line=\"${COMP_LINE:0:COMP_POINT}\" cuts=\" \" kept=\"\" each\n"
    "    line=\"${line##* }\"\n"
    "    case \"$line\" in *[:@]*) word=\"$line\";; esac\n"
    "    for each in : @; do\n"
    "        case \"$COMP_WORDBREAKS\" in *$each*) cuts=\"$cuts$each\";; esac\n"
    "    done\n"
    "    case \"$line\" in *[$cuts]*) kept=\"${line%\"${line##*[$cuts]}\"}\";; esac\n"
    "    for each in $(compgen -W \"$words\" -- \"$word\"); do\n"
    "        COMPREPLY+=(\"${each#\"$kept\"}\")\n"
    "    done\n"
    "}\n"
    "_pgsup() {\n"
    "    _pgsup_join\n"
    "    local word=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
    "    local command=\"\" group=\"\" index=1 words=\"\" files=\"\" begin=1\n"
    "    local -a pgsup_home=() arguments=()\n"
    "    COMPREPLY=()\n"
    "    while ((index < COMP_CWORD)); do\n"
    "        case \"${COMP_WORDS[index]}\" in\n"
    "        -p|--path)\n"
    "            pgsup_home=(-p \"${COMP_WORDS[index+1]}\")\n"
    "            index=$((index + 1));;\n"
    "        -*) ;;\n"
    "        *)\n"
    "            if [ -z \"$command\" ]; then\n"
    "                command=\"${COMP_WORDS[index]}\"\n"
    "                group=\"$command\" begin=$((index + 1))\n"
    "            elif [ \"$group\" = \"$command\" ]; then\n"
    "                case \"$group\" in\n";

static const char after_groups[] = "                esac\n"
                                   "                group=\"\"\n"
                                   "            fi;;\n"
                                   "        esac\n"
                                   "        index=$((index + 1))\n"
                                   "    done\n"
                                   "    case \"$command\" in\n";

static const char ending[] = "    esac\n"
                             "    if [ -n \"$files\" ]; then\n"
                             "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
                             "    else\n"
                             "        _pgsup_colon\n"
                             "    fi\n"
                             "}\n"
                             "complete -o filenames -F _pgsup pgsup\n";

static void write_group_pattern(const struct command *const *table, struct buffer *script) {
    const char *separator = "                ";
    for (; *table; table++) {
        if (!command_is_group(*table))
            continue;
        buffer_printf(script, "%s%s", separator, (*table)->path);
        separator = "|";
    }
    buffer_puts(script, ") command=\"$command ${COMP_WORDS[index]}\" "
                        "begin=$((index + 1));;\n");
}

static void write_bash_brief(struct buffer *script, const char *word, const char *summary) {
    (void)summary;
    buffer_printf(script, " %s", word);
}

static void write_bash_list(const struct command *const *table, const struct command *group,
                            struct buffer *script) {
    const char *space = "";
    for (const struct command *const *each = table; *each; each++) {
        if (!command_is_listed(group, *each))
            continue;
        buffer_printf(script, "%s%s", space, command_last_word(*each));
        space = " ";
    }
    if (!group)
        completion_option_each_brief(table, script, write_bash_brief);
}

/* The assignment that offers a kind of thing. */
static const char *bash_offer(enum command_completes kind) {
    switch (kind) {
    case COMPLETES_INSTANCES: return "words=\"$(_pgsup_names instance)\"";
    case COMPLETES_SOURCES: return "words=\"$(_pgsup_sources)\"";
    case COMPLETES_IMAGES: return "words=\"$(_pgsup_names image)\"";
    case COMPLETES_FILES: return "files=yes";
    case COMPLETES_LAUNCHABLE:
        return "words=\"$(_pgsup_names image; _pgsup_names image --available)\"";
    case COMPLETES_TRASH: return "words=\"$(_pgsup_names trash)\"";
    case COMPLETES_SNAPSHOTS: return "words=\"$(_pgsup_names snapshot \"${arguments[0]}\")\"";
    case COMPLETES_DISKS: return "words=\"$(_pgsup_names disk \"${arguments[0]}\")\"";
    case COMPLETES_NICS: return "words=\"$(_pgsup_names nic \"${arguments[0]}\")\"";
    case COMPLETES_FORWARDS: return "words=\"$(_pgsup_names forward \"${arguments[0]}\")\"";
    default: return "words=\"\"";
    }
}

static const struct completion_option_words bash_words = {"words=\"", "\"", bash_offer};

static void write_bash_options(const struct option_spec *specs, struct buffer *script) {
    for (; specs && specs->name; specs++)
        if (!specs->hidden)
            buffer_printf(script, "--%s ", specs->name);
    buffer_puts(script, "--help");
}

static void write_bash_arguments(const struct command *command, struct buffer *script) {
    enum command_completes first = command->completes, next = completion_option_next(command);
    scoped(alloc_release) char *valued = completion_option_valued(command);
    if (first == next)
        buffer_printf(script, "%s;;\n", bash_offer(first));
    else
        buffer_printf(script,
                      "_pgsup_arguments \"%s\"\n"
                      "                if ((${#arguments[@]} == 0)); then %s; else %s; fi;;\n",
                      valued, bash_offer(first), bash_offer(next));
}

/* The case of one command: values after an option that takes one, else options or arguments. */
static void write_bash_command(const struct command *const *table, const struct command *command,
                               struct buffer *script) {
    scoped(alloc_release) char *others = completion_option_other_words(command, "\"");
    buffer_printf(script, "    \"%s\"%s)\n        case \"$previous\" in\n", command->path, others);
    for (const struct option_spec *spec = command->options; spec && spec->name; spec++)
        if (spec->value)
            completion_option_write_value(spec, &bash_words, script);
    buffer_puts(script, "        *) case \"$word\" in\n            -*) words=\"");
    write_bash_options(command->options, script);
    buffer_puts(script, "\";;\n            *) ");
    if (command_is_group(command) || command->completes == COMPLETES_COMMANDS) {
        buffer_puts(script, "words=\"");
        write_bash_list(table, command_is_group(command) ? command : NULL, script);
        buffer_puts(script, "\";;\n");
    } else {
        write_bash_arguments(command, script);
    }
    buffer_puts(script, "            esac;;\n        esac;;\n");
}

void completion_bash(const struct command *const *table, struct buffer *script) {
    buffer_puts(script, preamble);
    write_group_pattern(table, script);
    buffer_puts(script, after_groups);
    buffer_puts(script, "    \"\")\n        case \"$previous\" in\n"
                        "        -p|--path) files=yes;;\n        *) words=\"");
    write_bash_list(table, NULL, script);
    buffer_putc(script, ' ');
    write_bash_options(command_global_options, script);
    buffer_puts(script, "\";;\n        esac;;\n");
    for (size_t i = 0; table[i]; i++)
        if (!table[i]->hidden)
            write_bash_command(table, table[i], script);
    buffer_puts(script, ending);
}
