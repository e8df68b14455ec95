#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/agent_command.h"
#include "cli/link/agent_stream.h"
#include "cli/link/guest_ready.h"
#include "cli/link/reachable.h"
#include "cli/link/vm_status.h"
#include "home/cloud/user.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIGNAL_STATUS = 128, NOT_FOUND_STATUS = 127 };
enum { INPUT_HINT_MS = 3000, WRITE_WAIT_MS = 500 };

static const struct option_spec options[] = {
    {.name = "user", .letter = 'u', .value = "USER", .help = "run it as this user; default: root"},
    {.name = "env",
     .letter = 'e',
     .value = "NAME=VALUE",
     .help = "set a variable of its environment",
     .many = true},
    {.name = "cwd",
     .value = "FOLDER",
     .help = "run it in this folder; default: /",
     .also = "workdir"},
    {.name = "no-stdin", .help = "give it no standard input; from a terminal it gets none anyway"},
    {.name = "interactive",
     .letter = 'i',
     .help = "for who is used to container tools",
     .hidden = true},
    {.name = "limit", .value = "DURATION", .help = "end it after this time; default: no limit"},
    GUEST_READY_OPTIONS,
    OPTIONS_END,
};

/* --- its words --- */

/* Without PAM's session where there is runuser, which leaves the environment as it is. */
static const char as_user[] =
    "u=$0; id -u -- \"$u\" >/dev/null || exit 126; eval \"HOME=~$u\"; USER=$u LOGNAME=$u; "
    "export HOME USER LOGNAME; "
    "if command -v runuser >/dev/null 2>&1; then exec runuser -u \"$u\" -- \"$@\"; fi; "
    "exec su -s /bin/sh -c 'exec \"$@\"' -- \"$u\" sh \"$@\"";

static bool check_variable(const char *word, struct error *error) {
    size_t length = strcspn(word, "=");
    bool good = length > 0 && word[length] == '=' && (*word < '0' || *word > '9');
    for (size_t i = 0; good && i < length; i++)
        good = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", word[i]);
    return good || error_set(error, ERROR_INVALID,
                             "\"%.40s\" sets no variable of an environment: use NAME=VALUE, with "
                             "letters, digits and \"_\" in the name",
                             word);
}

static bool add_user(const char *user, struct strv *words, struct error *error) {
    if (!user)
        return true;
    if (!user_check_login(user, error))
        return false;
    strv_push(words, "/bin/sh");
    strv_push(words, "-c");
    strv_push(words, as_user);
    strv_push(words, user);
    return true;
}

static bool add_environment(char *const *variables, struct strv *words, struct error *error) {
    if (*variables)
        strv_push(words, "env");
    for (; *variables; variables++) {
        if (!check_variable(*variables, error))
            return false;
        strv_push(words, *variables);
    }
    return true;
}

/* env(1) would take a program with "=" in its name for a variable, so it is behind a shell then. */
static bool add_folder(const char *folder, bool shell, struct strv *words, struct error *error) {
    if (folder && *folder != '/')
        return error_set(error, ERROR_INVALID, "--cwd \"%.80s\" is not the whole path of a folder",
                         folder);
    if (!folder && !shell)
        return true;
    strv_push(words, "/bin/sh");
    strv_push(words, "-c");
    strv_push(words, "cd -- \"$0\" && exec \"$@\"");
    strv_push(words, folder ? folder : ".");
    return true;
}

static bool make_words(const struct invocation *invocation, struct strv *words,
                       struct error *error) {
    if (invocation_argument_count(invocation) < 2)
        return error_set(
            error, ERROR_USAGE,
            "give the command to run: `pgsup exec %s -- COMMAND`, or `pgsup ssh %s` for "
            "a shell",
            invocation_argument(invocation, 0), invocation_argument(invocation, 0));
    char *const *variables = invocation_values(invocation, "env");
    bool shell = *variables && strchr(invocation_argument(invocation, 1), '=');
    if (!add_user(invocation_option(invocation, "user"), words, error) ||
        !add_environment(variables, words, error) ||
        !add_folder(invocation_option(invocation, "cwd"), shell, words, error))
        return false;
    for (size_t i = 1; i < invocation_argument_count(invocation); i++)
        strv_push(words, invocation_argument(invocation, i));
    return true;
}

/* --- its input, where the agent takes it whole --- */

/* A pipe that nobody closes would be waited for in silence. */
static bool wait_input(bool *hinted, struct error *error) {
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    int count = poll(&ready, 1, *hinted ? -1 : INPUT_HINT_MS);
    if (!interrupt_check(error))
        return false;
    if (count == 0) {
        *hinted = true;
        invocation_warn("waiting for the end of standard input; --no-stdin gives the command none");
    }
    return true;
}

static bool has_input(const struct invocation *invocation) {
    return !invocation_flag(invocation, "no-stdin") && !isatty(STDIN_FILENO);
}

static bool read_input(const struct invocation *invocation, struct buffer *input,
                       struct error *error) {
    char chunk[65536];
    bool hinted = invocation->quiet;
    if (!has_input(invocation))
        return true;
    for (;;) {
        if (!wait_input(&hinted, error))
            return false;
        ssize_t length = read(STDIN_FILENO, chunk, sizeof chunk);
        if (length == 0 || (length < 0 && errno == EBADF))
            return true;
        if (length < 0 && errno != EINTR && errno != EAGAIN)
            return error_errno(error, "cannot read standard input");
        if (length > 0)
            buffer_append(input, chunk, (size_t)length);
        if (input->length > AGENT_KEEPS_MAX_BYTES) /* is refused with a sentence */
            return true;
    }
}

/* --- its result --- */

static bool put_bytes(int fd, const struct buffer *bytes, const char *name, struct error *error) {
    for (size_t done = 0; done < bytes->length;) {
        ssize_t put = file_write_some(fd, bytes->data + done, bytes->length - done, WRITE_WAIT_MS);
        if (put < 0)
            return error_errno(error, "cannot write %s", name);
        if (!interrupt_check(error))
            return false;
        done += (size_t)put;
    }
    return true;
}

static void tell_cut(const struct agent_process *process, struct error *error) {
    if (process->output_cut || process->errors_cut)
        error_set(
            error, ERROR_FAILED,
            "standard %s was cut after %u MiB, which is as much as this guest's agent keeps: let "
            "the command write to a file, and copy that by `pgsup cp`",
            process->output_cut ? "output" : "error", AGENT_KEEPS_MAX_BYTES >> 20);
}

static int report(const struct agent_process *process, bool good, struct error *error) {
    struct error *problem = good ? error : NULL;
    if (put_bytes(STDOUT_FILENO, &process->output, "standard output", problem) &&
        put_bytes(STDERR_FILENO, &process->errors, "standard error", problem) && good)
        tell_cut(process, error);
    if (!good)
        return EXIT_FAILURE;
    if (process->signal)
        invocation_warn("the command was ended by signal %d", process->signal);
    return process->signal ? SIGNAL_STATUS + process->signal : process->status;
}

static bool find_guest(const struct invocation *invocation, struct running *running,
                       struct error *error) {
    struct store_instance instance = {0};
    const struct home *home = invocation->home;
    bool good =
        instance_table_get(home->store, invocation_argument(invocation, 0), &instance, error) &&
        reachable_state_check(home, &instance, error) &&
        vm_status_find(home, &instance, running, error);
    if (good && !running->tag)
        good = error_set(error, ERROR_WRONG_STATE,
                         "%s does not run: `pgsup start %s --wait` starts it", instance.name,
                         instance.name);
    store_instance_done(&instance);
    return good;
}

static bool read_limit(const struct invocation *invocation, uint64_t *limit_ms,
                       struct error *error) {
    return !invocation_option(invocation, "limit") ||
           invocation_duration(invocation, "limit", 1000, limit_ms, error);
}

/* What a shell says of a program that is not there. */
static bool is_not_found(const struct error *error) {
    return strstr(error->text, "Failed to execute child process") &&
           strstr(error->text, "No such file");
}

/* Where the guest has no pipes for it: what it says comes when it has ended. */
static bool run_kept(const struct invocation *invocation, struct agent_talk *talk,
                     struct agent_command *command, struct agent_process *process,
                     struct error *error) {
    scoped(buffer_done) struct buffer input = {0};
    command->input = &input;
    agent_talk_rest(talk);
    return read_input(invocation, &input, error) &&
           agent_command_exec(talk, command, process, error);
}

/* As any program whose reader has gone, but with nothing left in the guest. */
static void leave_unread(void) {
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

static bool run_words(const struct invocation *invocation, struct agent_talk *talk,
                      const struct strv *words, struct agent_process *process,
                      struct error *error) {
    const int fds[] = {has_input(invocation) ? STDIN_FILENO : -1, STDOUT_FILENO, STDERR_FILENO};
    struct agent_command command = {.argv = (const char *const *)words->items};
    struct guest_pipes pipes = {0};
    struct agent_stream stream = {.argv = words->items, .pipes = &pipes};
    bool good = agent_process_check(command.argv, NULL, error) &&
                read_limit(invocation, &command.limit_ms, error) &&
                guest_pipes_open(&pipes, talk, fds, error);
    stream.limit_ms = command.limit_ms;
    if (good && pipes.folder)
        good = agent_stream_exec(talk, &stream, process, error);
    else if (good)
        good = run_kept(invocation, talk, &command, process, error);
    bool unread = pipes.output.unread || pipes.errors.unread;
    guest_pipes_close(&pipes, good || error->code != ERROR_TIMEOUT || process->pid);
    if (unread)
        leave_unread();
    return good;
}

static int run_exec(struct invocation *invocation, struct error *error) {
    scoped(strv_done) struct strv words = {0};
    struct running running = {0};
    struct agent_process process = {0};
    int status = EXIT_FAILURE;
    interrupt_watch();
    signal(SIGPIPE, SIG_IGN);
    if (make_words(invocation, &words, error) &&
        guest_ready_wait(invocation, invocation_argument(invocation, 0), error) &&
        find_guest(invocation, &running, error)) {
        struct agent_talk talk;
        agent_talk_init(&talk, invocation->home, &running);
        bool good = run_words(invocation, &talk, &words, &process, error);
        status = report(&process, good, error);
        agent_talk_done(&talk);
    }
    if (is_not_found(error)) {
        invocation_warn("%s", error->text);
        error_clear(error);
        status = NOT_FOUND_STATUS;
    }
    agent_process_done(&process);
    running_done(&running);
    return status;
}

const struct command cmd_exec = {
    .path = "exec",
    .summary = "Run a command in a guest through its agent, without network",
    .arguments = "NAME COMMAND...",
    .details = "Runs COMMAND as root through QEMU's guest agent, which must run in the guest "
               "(package qemu-guest-agent). It needs no network, no key, no password and no "
               "supervisor. The program gets the words as they are, without a shell. Standard "
               "input, standard output and standard error are transferred separately while it "
               "runs, without a limit. The exit status is that of the command, or 128 and the "
               "number of the signal that ended it. Ctrl-C ends the command. There is no "
               "terminal: see `pgsup help ssh` and `pgsup help console`.\n"
               "\n"
               "  pgsup exec test -- systemctl restart networking\n"
               "  pgsup exec test --user ansible --env LANG=C --cwd /tmp -- sh -c 'ls | wc -l'\n"
               "  pgsup exec test -- tee /etc/motd < motd",
    .options = options,
    .min_arguments = 1,
    .max_arguments = COMMAND_MANY,
    .stop_at_arguments = true,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .for_programs = true,
    .run = run_exec,
};
