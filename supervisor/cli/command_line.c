#include "command_line.h"

#include "base/alloc.h"
#include "base/given_file.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/strv.h"
#include "cli/help.h"
#include "cli/invocation.h"
#include "cli/privileges.h"
#include "home/home.h"
#include "home/names/publish.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints one line, whatever the message quotes. */
static int print_error(const struct error *error) {
    scoped(alloc_release) char *text = name_safe(error->text);
    fprintf(stderr, "pgsup: %s\n", text);
    return error_exit_status(error->code);
}

static bool flush_output(struct error *error) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return error_errno(error, "cannot write to the standard output");
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

static int run_with_home(struct invocation *invocation, struct error *error) {
    scoped(alloc_release) char *path = home_default_path(invocation->home_option);
    struct home home = {0};
    if (!home_open(path, &home, error))
        return EXIT_FAILURE;
    invocation->home = &home;
    tell_notice(&home);
    int status = invocation->command->run(invocation, error);
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
    if (command->needs == NEEDS_HOME)
        return run_with_home(invocation, error);
    return command->run(invocation, error);
}

/* People tend to write global options after the command: the message says where they go. */
static void hint_global(const struct error *error, char **words, struct error *hinted) {
    *hinted = *error;
    for (; *words && strcmp(*words, "--") != 0; words++) {
        bool global = strcmp(*words, "-p") == 0 || strncmp(*words, "--path", 6) == 0;
        if (!global || !strstr(error->text, "unknown option"))
            continue;
        error_clear(hinted);
        error_set(hinted, ERROR_USAGE, "the option \"%s\" goes before the command", *words);
    }
}

/* The predecessor's users write -n NAME wherever a name is an argument. */
static bool takes_name(const struct command *command) {
    const char *arguments = command->arguments ? command->arguments : "";
    return strncmp(arguments + (*arguments == '['), "NAME", strlen("NAME")) == 0;
}

static int run_command(struct invocation *invocation, char **words, struct error *error) {
    size_t used = 0;
    invocation->command = command_resolve(invocation->table, words, &used, error);
    if (!invocation->command)
        return EXIT_FAILURE;
    size_t free_arguments = invocation->command->stop_at_arguments
                                ? invocation->command->min_arguments
                                : OPTIONS_ANYWHERE;
    struct error parse_error = {0};
    bool (*parse)(const struct option_spec *, char **, size_t, struct options *, struct error *) =
        takes_name(invocation->command) ? options_parse_named : options_parse;
    if (!parse(invocation->command->options, words + used, free_arguments, &invocation->options,
               &parse_error)) {
        hint_global(&parse_error, words + used, error);
        return EXIT_FAILURE;
    }
    int status = run_parsed(invocation, error);
    options_done(&invocation->options);
    return status;
}

static int run_global(const struct command *const *table, const struct options *global,
                      struct error *error) {
    static char *const version[] = {"version", NULL}, *const help[] = {"help", NULL};
    struct invocation invocation = {
        .table = table,
        .home_option = options_value(global, "path"),
        .quiet = options_value(global, "quiet") != NULL,
    };
    if (invocation.home_option && !*invocation.home_option) {
        error_set(error, ERROR_USAGE, "option \"--path\" is empty");
        return EXIT_FAILURE;
    }
    if (options_value(global, "version"))
        return run_command(&invocation, (char **)version, error);
    if (global->help)
        return run_command(&invocation, (char **)help, error);
    if (global->argument_count == 0) {
        help_print(table, NULL, stderr);
        return error_exit_status(ERROR_USAGE);
    }
    return run_command(&invocation, global->arguments, error);
}

int command_line_run(const struct command *const *table, char **argv) {
    struct error error = {0};
    struct options global = {0};
    int status = EXIT_FAILURE;
    if (options_parse(command_global_options, argv + 1, 0, &global, &error))
        status = run_global(table, &global, &error);
    options_done(&global);
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
