#include "guest_pipe_folder.h"

#include "base/alloc.h"
#include "base/secret.h"
#include "cli/link/agent_command.h"

#include <string.h>

enum { PREPARE_LIMIT_MS = 30000 };

/* --- what runs in the guest; without bashisms, and with what busybox has --- */

/* Makes the folder and begins the four that serve it, which are nobody's children, and whose words
 * are not those of the command: it may look for processes by them. What is redirected by exec is
 * kept in no other descriptor, for which the agent would wait. Who opens a pipe waits for its other
 * end; the last lines of "look" are for who would wait for ever, and so is its <> for who opens
 * the input once more when all of it has been given. Another user than root may open its pipes once
 * more by /dev/stdin and the like; nobody else gets into the folder. A file that somebody removed
 * is no empty one. The folder goes by a rename: a file that is made meanwhile would keep it. */
static const char prepare[] =
    "drop() { mv \"$d\" \"$d~\"; rm -rf \"$d~\" \"$d\"; }\n"
    "nap() { k=$((k+1)); if [ $k -lt 20 ]; then sleep 0.05; else sleep 0.3; fi || sleep 1; }\n"
    "take() { n=0; while dd bs=8192 count=128 of=\"$d/$1$n\"; do\n"
    "[ -e \"$d/$1$n\" ] || break\n"
    "[ -s \"$d/$1$n\" ] || { true >\"$d/$1$((n+1))\"; exit; }\n"
    "n=$((n+1)); k=0; while [ -s \"$d/$1$((n-3))\" ]; do nap; done\n"
    "rm -f \"$d/$1$((n-3))\"; done; drop; }\n"
    "give() { n=0; while :; do k=0; until [ -e \"$d/i$((n+1))\" ]; do\n"
    "[ -e \"$d/i\" ] && [ ! -e \"$d/done\" ] || exit; nap; done\n"
    "[ -e \"$d/i$n\" ] || { drop; exit; }\n"
    "[ -s \"$d/i$n\" ] || { true >\"$d/given\"; exit; }\n"
    "cat \"$d/i$n\" || exit; rm -f \"$d/i$n\"; n=$((n+1)); done; }\n"
    "look() { n=0; until [ -e \"$d/done\" ]; do sleep 2; [ -d \"$d\" ] || exit\n"
    "[ ! -e \"$d/given\" ] || true <>\"$d/i\"\n"
    "n=$((n+1)); rm \"$d/beat\" && n=0; [ $n -lt 150 ] || break; done\n"
    "true >\"$d/done\"; ( exec 3<>\"$d/i\" 4<>\"$d/o\" 5<>\"$d/e\"; sleep 1 ); drop; }\n"
    "for b in /run /tmp /var/tmp; do d=$b/$0; mkdir -m 700 \"$d\" || continue\n"
    "if mkfifo -m 644 \"$d/i\" && mkfifo -m 622 \"$d/o\" \"$d/e\" &&\n"
    "true >\"$d/o0\" && true >\"$d/e0\" && true >\"$d/beat\" && command -v dd >/dev/null; then\n"
    "( ( exec </dev/null >/dev/null 2>&1; look ) & )\n"
    "( ( exec >/dev/null 2>&1; exec <\"$d/o\"; take o ) & )\n"
    "( ( exec >/dev/null 2>&1; exec <\"$d/e\"; take e ) & )\n"
    "[ \"$1\" = - ] || ( ( exec >/dev/null 2>&1; exec >\"$d/i\"; give ) & )\n"
    "echo \"$d\"; exit 0; fi; rm -rf \"$d\"; done; exit 1";

/* The guest's words: they are believed if they are ours. */
static char *told_folder(const struct buffer *output, const char *name) {
    static const char *const places[] = {"/run/", "/tmp/", "/var/tmp/"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        scoped(alloc_release) char *path = alloc_printf("%s%s", places[i], name);
        size_t length = strlen(path);
        if (output->length == length + 1 && strncmp(output->data, path, length) == 0)
            return alloc_string(path);
    }
    return NULL;
}

char *guest_pipe_folder_make(struct agent_talk *talk, bool with_input, struct error *error) {
    char token[SECRET_TOKEN_SIZE];
    struct error problem = {0};
    struct agent_process process = {0};
    char *folder = NULL;
    secret_token(token);
    scoped(alloc_release) char *name = alloc_printf("pgsup-exec.%s", token);
    const char *const argv[] = {"/bin/sh", "-c", prepare, name, with_input ? "+" : "-", NULL};
    const struct agent_command command = {.argv = argv, .limit_ms = PREPARE_LIMIT_MS};
    if (agent_command_exec(talk, &command, &process, &problem))
        folder = process.status == 0 ? told_folder(&process.output, name) : NULL;
    else if (!strstr(problem.text, "Failed to execute child process"))
        error_copy(error, &problem);
    agent_process_done(&process);
    return folder;
}
