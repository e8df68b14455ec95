#include "command_line.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/given_file.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/strv.h"
#include "cli/error_json.h"
#include "cli/help.h"
#include "cli/invocation.h"
#include "cli/peer_words.h"
#include "cli/privileges.h"
#include "cli/terminal/waiting_line.h"
#include "home/home.h"
#include "home/names/publish.h"
#include "home/unsupervised.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Prints one line, whatever the message quotes. */
static int print_error(const struct error *error) {
    scoped(alloc_release) char *text = name_safe(error->text);
    fprintf(stderr, "pgsup: %s\n", text);
    return error_exit_status(error->code);
}

/* Why an earlier write failed is not known any more. */
static bool flush_output(struct error *error) {
    if (fflush(stdout) != 0)
        return error_errno(error, "cannot write to the standard output");
    return !ferror(stdout) ||
           error_set(error, ERROR_FAILED, "a part of the standard output could not be written");
}

static bool check_required(const struct invocation *invocation, struct error *error) {
    const struct command *command = invocation->command;
    for (const struct option_spec *spec = command->options; spec && spec->name; spec++)
        if (spec->required && !invocation_given(invocation, spec->name))
            return error_set(error, ERROR_USAGE, "\"%s\" needs the option --%s %s", command->path,
                             spec->name, spec->value);
    return true;
}

/* Of one option: standard input can be read once. */
static unsigned count_standard_input(const struct invocation *invocation,
                                     const struct option_spec *spec) {
    size_t length = spec->value ? strlen(spec->value) : 0, file = strlen("FILE");
    unsigned count = 0;
    if (length < file || strcmp(spec->value + length - file, "FILE") != 0)
        return 0;
    const char *one[] = {invocation_option(invocation, spec->name), NULL};
    const char *const *values =
        spec->many ? (const char *const *)invocation_values(invocation, spec->name) : one;
    for (; *values; values++) {
        const char *colon = length > file ? strrchr(*values, ':') : NULL;
        count += strcmp(colon ? colon + 1 : *values, GIVEN_FILE_STANDARD_INPUT) == 0;
    }
    return count;
}

static bool check_standard_input(const struct invocation *invocation, struct error *error) {
    const struct option_spec *spec = invocation->command->options;
    unsigned count = 0;
    for (; spec && spec->name; spec++)
        count += count_standard_input(invocation, spec);
    return count < 2 || error_set(error, ERROR_USAGE,
                                  "\"-\", standard input, was given for %u files: it can be read "
                                  "once",
                                  count);
}

static bool check_arguments(const struct invocation *invocation, struct error *error) {
    const struct command *command = invocation->command;
    size_t count = invocation_argument_count(invocation);
    if (count >= command->min_arguments && count <= command->max_arguments)
        return true;
    scoped(alloc_release) char *usage = help_usage(command);
    if (count < command->min_arguments)
        return error_set(error, ERROR_USAGE, "\"%s\" needs an argument: %s", command->path, usage);
    return error_set(error, ERROR_USAGE, "unexpected argument \"%s\": %s",
                     invocation_argument(invocation, command->max_arguments), usage);
}

static void publish(struct home *home) {
    scoped(strv_done) struct strv warnings = {0};
    publish_names(home, &warnings);
    for (size_t i = 0; i < warnings.count; i++)
        invocation_warn("%s", warnings.items[i]);
}

static void tell_notice(struct home *home) {
    invocation_notice(home->notice);
    home->notice = NULL;
}

static bool is_for_programs(const struct invocation *invocation) {
    return invocation->quiet || invocation->command->for_programs ||
           invocation_wants_json(invocation);
}

/* A supervisor that is gone says nothing of what it would have done. */
static void tell_unsupervised(const struct home *home) {
    scoped(alloc_release) char *lines = unsupervised_tell(home);
    for (char *line = lines, *rest; line; line = rest) {
        rest = strchr(line, '\n');
        if (rest)
            *rest++ = '\0';
        invocation_warn("%s", line);
    }
}

/* stdout leads nowhere until end_mute(); -1: it could not be. */
static int begin_mute(void) {
    fflush(stdout);
    int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int nowhere = kept < 0 ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0)
        dup2(nowhere, STDOUT_FILENO);
    file_release(&nowhere);
    return kept;
}

static void end_mute(int kept) {
    fflush(stdout);
    if (kept >= 0)
        dup2(kept, STDOUT_FILENO);
    file_release(&kept);
}

static int run_reported(struct invocation *invocation, struct error *error) {
    const struct command *command = invocation->command;
    if (!command->report || !invocation_wants_json(invocation))
        return command->run(invocation, error);
    int kept = begin_mute(), status = command->run(invocation, error);
    end_mute(kept);
    if (status == EXIT_SUCCESS && error->code == ERROR_NONE)
        command->report(invocation, error);
    return status;
}

static bool may_be_homeless(const struct invocation *invocation, const struct error *problem) {
    const char *option = invocation->command->homeless;
    return option && problem->code == ERROR_NOT_FOUND &&
           (!*option || invocation_given(invocation, option));
}

/* The home that the command has made, if it made one, is as after any other. */
static int run_homeless(struct invocation *invocation, const char *path, struct error *error) {
    struct home made = {0};
    int status = invocation->command->run(invocation, error);
    if (invocation->command->changes_names && error->code == ERROR_NONE &&
        home_open(path, &made, &(struct error){0}))
        publish(&made);
    home_close(&made);
    return status;
}

static int run_with_home(struct invocation *invocation, struct error *error) {
    scoped(alloc_release) char *path = home_default_path(invocation->home_option);
    struct home home = {0};
    struct error problem = {0};
    if (!home_open(path, &home, &problem)) {
        if (may_be_homeless(invocation, &problem))
            return run_homeless(invocation, path, error);
        error_copy(error, &problem);
        return EXIT_FAILURE;
    }
    invocation->home = &home;
    tell_notice(&home);
    if (!is_for_programs(invocation))
        tell_unsupervised(&home);
    int status = run_reported(invocation, error);
    tell_notice(&home);
    if (invocation->command->changes_names && error->code == ERROR_NONE)
        publish(&home);
    invocation->home = NULL;
    home_close(&home);
    return status;
}

static int run_parsed(struct invocation *invocation, struct error *error) {
    const struct command *command = invocation->command;
    if (invocation->options.help) {
        help_print(invocation->table, command, stdout);
        return EXIT_SUCCESS;
    }
    if (command_is_group(command)) {
        help_print(invocation->table, command, stderr);
        return error_exit_status(ERROR_USAGE);
    }
    if (!check_required(invocation, error) || !check_arguments(invocation, error) ||
        !check_standard_input(invocation, error))
        return EXIT_FAILURE;
    if (!command->parts_with_root && !privileges_drop(error))
        return EXIT_FAILURE;
    if (!invocation->quiet)
        waiting_line_begin();
    if (command->needs == NEEDS_HOME)
        return run_with_home(invocation, error);
    return run_reported(invocation, error);
}

/* The predecessor's users write -n NAME wherever a name is an argument; those of Multipass and
 * virt-clone write -n NEW behind it, for the name of a clone or a snapshot. */
static enum options_named takes_name(const struct command *command) {
    const char *arguments = command->arguments ? command->arguments : "";
    const char *second = strchr(arguments, ' ');
    if (strncmp(arguments + (*arguments == '['), "NAME", strlen("NAME")) != 0)
        return OPTIONS_NOT_NAMED;
    bool is_name =
        second && options_has_word("NEW SNAP [SNAP] [SNAP...]", second + 1, strlen(second + 1));
    return is_name ? OPTIONS_NAMED_IN_PLACE : OPTIONS_NAMED_FIRST;
}

/* Tells where the options of the command are listed, unless the right one was told. */
static void hint_options(const char *path, const struct error *problem, struct error *error) {
    const char *unknown = "unknown option", *space = *path ? " " : "";
    if (strncmp(problem->text, unknown, strlen(unknown)) == 0 &&
        !strstr(problem->text, "did you mean"))
        error_set(error, problem->code, "%s: `pgsup help%s%s` lists the options", problem->text,
                  space, path);
    else
        error_copy(error, problem);
}

/* "pgsup start help" asks for help, "pgsup start -n help" names an instance. */
static bool asks_for_help(char *const *words) {
    return words[0] && strcmp(words[0], "help") == 0 && !words[1];
}

static int run_command(struct invocation *invocation, struct options *globals, char **words,
                       struct error *error) {
    const struct command *command = invocation->command;
    const struct options_rules rules = {
        .specs = command->options,
        .free_arguments = command->stop_at_arguments ? command->min_arguments : OPTIONS_ANYWHERE,
        .named = takes_name(command),
        .globals = globals,
    };
    struct error problem = {0};
    if (command->run && strcmp(command->path, "help") != 0 && asks_for_help(words)) {
        help_print(invocation->table, command, stdout);
        return EXIT_SUCCESS;
    }
    if (!options_parse_rules(&rules, words, &invocation->options, &problem)) {
        hint_options(command->path, &problem, error);
        return EXIT_FAILURE;
    }
    invocation->home_option = options_value(globals, "path");
    invocation->quiet = options_value(globals, "quiet") != NULL;
    int status = EXIT_FAILURE;
    if (invocation->home_option && !*invocation->home_option)
        error_set(error, ERROR_USAGE, "option \"--path\" is empty");
    else
        status = run_parsed(invocation, error);
    if (error->code != ERROR_NONE && !invocation->told && invocation_wants_json(invocation))
        error_json_print(NULL, error);
    options_done(&invocation->options);
    return status;
}

/* Global options may stand before, between and after the words of a command. */
static bool take_globals(struct options *globals, char ***words, struct error *error) {
    struct options none;
    const struct options_rules rules = {.specs = NULL, .free_arguments = 0, .globals = globals};
    struct error problem = {0};
    if (!options_parse_rules(&rules, *words, &none, &problem)) {
        hint_options("", &problem, error);
        return false;
    }
    globals->help = globals->help || none.help;
    while (**words && (none.argument_count == 0 || **words != none.arguments[0]))
        ++*words;
    options_done(&none);
    return true;
}

/* "remove image x" is "image remove x" in the order of other tools. */
static bool check_order(const struct command *const *table, char **words, struct error *error) {
    const struct command *group = words[1] && words[2] ? command_find(table, words[1]) : NULL;
    if (!group || !command_is_group(group))
        return true;
    scoped(alloc_release) char *path = alloc_printf("%s %s", words[1], words[0]);
    const struct command *meant = command_find(table, path);
    const char *answer = peer_words_answer(words[1], words[0]);
    if (meant)
        return error_set(error, ERROR_USAGE, "\"%s %s\": did you mean \"%s\"?", words[0], words[1],
                         meant->path);
    return !answer || error_set(error, ERROR_USAGE, "\"%s %s\": %s", words[0], words[1], answer);
}

/* Finds the command and what follows its words. */
static bool find_command(struct invocation *invocation, struct options *globals, char ***words,
                         struct error *error) {
    const struct command *const *table = invocation->table, *command;
    if (!check_order(table, *words, error) ||
        !(command = command_resolve(table, NULL, *(*words)++, error)))
        return false;
    invocation->command = command;
    if (!command_is_group(command) || !take_globals(globals, words, error) || !**words)
        return error->code == ERROR_NONE;
    globals->help = globals->help || asks_for_help(*words);
    if (!globals->help)
        invocation->command = command_resolve(table, command, *(*words)++, error);
    return invocation->command != NULL;
}

static int run_global(const struct command *const *table, struct options *globals, char **words,
                      struct error *error) {
    static char *const version[] = {"version", NULL}, *const help[] = {"help", NULL};
    struct invocation invocation = {.table = table};
    if (!take_globals(globals, &words, error))
        return EXIT_FAILURE;
    if (options_value(globals, "version"))
        words = (char **)version;
    else if (globals->help)
        words = (char **)help;
    globals->help = false;
    if (!*words) {
        help_print_beginning(stderr);
        return error_exit_status(ERROR_USAGE);
    }
    if (!find_command(&invocation, globals, &words, error))
        return EXIT_FAILURE;
    if (globals->help) {
        help_print(table, invocation.command, stdout);
        return EXIT_SUCCESS;
    }
    return run_command(&invocation, globals, words, error);
}

int command_line_run(const struct command *const *table, char **argv) {
    struct error error = {0};
    struct options globals = {0};
    static char *nothing[] = {NULL};
    int status = EXIT_FAILURE;
    /* A file beyond `ulimit -f` is an error that can be told, here and in the programs that it
     * runs. */
    signal(SIGXFSZ, SIG_IGN);
    if (options_parse(command_global_options, nothing, 0, &globals, &error))
        status = run_global(table, &globals, argv + 1, &error);
    options_done(&globals);
    if (error.code == ERROR_NONE)
        flush_output(&error);
    else
        fflush(stdout);
    if (error.code == ERROR_NONE)
        return status;
    status = print_error(&error);
    interrupt_leave();
    return status;
}
