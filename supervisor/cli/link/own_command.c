#include "cli/link/own_command.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/interrupt.h"
#include "base/platform.h"
#include "host/program.h"
#include "machine/core/vm_script.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "pgsup"

extern char **environ;

/* Of PATH, unless that is another one. */
static char *choose_shown(const char *program) {
    struct error none = {0};
    scoped(alloc_release) char *found = program_find(NAME, &none);
    scoped(alloc_release) char *real = found ? realpath(found, NULL) : NULL;
    return alloc_string(real && strcmp(real, program) == 0 ? NAME : program);
}

bool own_command_init(struct own_command *command, const struct invocation *invocation,
                      struct error *error) {
    *command = (struct own_command){.program = platform_program_path(),
                                    .home = invocation->home_option,
                                    .quiet = invocation->quiet};
    if (!command->program)
        return error_set(error, ERROR_FAILED, "the path of this program cannot be found out");
    command->shown = choose_shown(command->program);
    return true;
}

void own_command_done(struct own_command *command) {
    alloc_release(&command->program);
    alloc_release(&command->shown);
}

static void make_argv(const struct own_command *command, const char *program,
                      const struct strv *words, struct strv *argv) {
    strv_push(argv, program);
    if (command->home) {
        strv_push(argv, "-p");
        strv_push(argv, command->home);
    }
    if (command->quiet)
        strv_push(argv, "-q");
    for (size_t i = 0; i < words->count; i++)
        strv_push(argv, words->items[i]);
}

char *own_command_text(const struct own_command *command, const struct strv *words) {
    scoped(strv_done) struct strv argv = {0};
    struct buffer text = {0};
    make_argv(command, command->shown, words, &argv);
    for (size_t i = 0; i < argv.count; i++) {
        if (i)
            buffer_putc(&text, ' ');
        vm_script_quote(argv.items[i], &text);
    }
    return buffer_take(&text);
}

/* --- running it --- */

static volatile sig_atomic_t child; /* its process; 0: none */

static void hand_on(int number) {
    if (child > 0)
        kill((pid_t)child, number);
}

static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof *signals };

/* A terminal sends the first two to both, and what the child does then decides. */
static void catch_signals(struct sigaction before[SIGNALS], sigset_t *defaults) {
    sigemptyset(defaults);
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction action = {.sa_handler = i < 2 ? SIG_IGN : hand_on};
        sigemptyset(&action.sa_mask);
        if (!interrupt_is_ignored(signals[i]))
            sigaddset(defaults, signals[i]);
        else
            action.sa_handler = SIG_IGN;
        sigaction(signals[i], &action, &before[i]);
    }
}

static int spawn(const char *program, char **argv, const sigset_t *defaults) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    errno = posix_spawn(&pid, program, &actions, &attributes, argv, environ);
    int failure = errno;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    errno = failure;
    child = pid;
    return failure;
}

static int wait_for(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int own_command_run(const struct own_command *command, const struct strv *words,
                    struct error *error) {
    struct sigaction before[SIGNALS];
    sigset_t defaults;
    scoped(strv_done) struct strv argv = {0};
    make_argv(command, command->program, words, &argv);
    catch_signals(before, &defaults);
    int status = spawn(command->program, argv.items, &defaults) == 0 ? wait_for((pid_t)child) : -1;
    if (status < 0)
        error_errno(error, "cannot run %s", command->program);
    child = 0;
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    return status;
}
