#include "host/accelerator.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "host/program.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool accelerator_check(const char *word, struct error *error) {
    scoped(buffer_done) struct buffer names = {0};
    for (const char *const *known = platform_accelerators(); *known; known++) {
        if (strcmp(*known, word) == 0)
            return true;
        buffer_printf(&names, "%s%s", names.length ? ", " : "", *known);
    }
    scoped(alloc_release) char *shown = name_printable(word, strlen(word), 40);
    return error_set(error, ERROR_INVALID, "\"%s\" is not an accelerator of this system: use %s",
                     shown, names.data);
}

/* All accelerators but tcg need a guest of the architecture of the host. */
static bool suits(const char *word, enum spec_arch guest) {
    return strcmp(word, "tcg") == 0 || strcmp(spec_arch_word(guest), platform_architecture()) == 0;
}

static bool check_forced(const char *word, enum spec_arch guest, struct error *error) {
    if (!accelerator_check(word, error))
        return false;
    if (!suits(word, guest))
        return error_set(error, ERROR_WRONG_STATE,
                         "%s cannot run %s guests on this %s host: use tcg", word,
                         spec_arch_word(guest), platform_architecture());
    return platform_accelerator_works(word) ||
           error_set(error, ERROR_WRONG_STATE,
                     "%s is not available to this user on this host: check the permissions, or use "
                     "tcg",
                     word);
}

enum { PROBE_TIMEOUT_MS = 10000, PROBE_UNKNOWN = 0, PROBE_WORKS, PROBE_REFUSED };

static void end_probe(const char *pid_file) {
    scoped(buffer_done) struct buffer text = {0};
    if (file_read(pid_file, 32, &text, NULL) && text.length > 0) {
        pid_t pid = (pid_t)strtol(text.data, NULL, 10);
        if (pid > 1)
            kill(pid, SIGKILL);
    }
    unlink(pid_file);
}

/* With -daemonize QEMU returns when it has created the machine, or fails. Its process then remains,
 * and is killed by the number in its pid file. */
static bool probe(const char *word, enum spec_arch guest, const char *program) {
    char folder[] = "/tmp/pgsup-probe-XXXXXX";
    scoped(buffer_done) struct buffer output = {0};
    if (!mkdtemp(folder))
        return false;
    scoped(alloc_release) char *pid_file = alloc_printf("%s/pid", folder);
    char *argv[] = {(char *)program,
                    "-nodefaults",
                    "-no-user-config",
                    "-display",
                    "none",
                    "-machine",
                    (char *)spec_machine_alias(guest),
                    "-accel",
                    (char *)word,
                    "-cpu",
                    "host",
                    "-m",
                    "64",
                    "-S",
                    "-daemonize",
                    "-pidfile",
                    pid_file,
                    NULL};
    bool works = program_run(argv, PROBE_TIMEOUT_MS, &output, NULL);
    end_probe(pid_file);
    rmdir(folder);
    return works;
}

/* Worker threads may probe at the same time; both get the same result. */
static bool works(const char *word, enum spec_arch guest, const char *program) {
    static _Atomic int known = PROBE_UNKNOWN; /* each system has one accelerator besides tcg */
    if (strcmp(word, "tcg") == 0)
        return true;
    if (!platform_accelerator_works(word))
        return false;
    if (known == PROBE_UNKNOWN)
        known = probe(word, guest, program) ? PROBE_WORKS : PROBE_REFUSED;
    return known == PROBE_WORKS;
}

bool accelerator_choose(const char *forced, enum spec_arch guest, const char *program,
                        enum spec_accel *accel, struct error *error) {
    const char *variable = getenv(ACCELERATOR_VARIABLE);
    if (!forced && variable && *variable)
        forced = variable;
    if (forced) {
        if (!check_forced(forced, guest, error))
            return forced == variable ? error_prefix(error, ACCELERATOR_VARIABLE) : false;
        return spec_accel_from_word(forced, accel);
    }
    for (const char *const *word = platform_accelerators(); *word; word++)
        if (suits(*word, guest) && works(*word, guest, program))
            return spec_accel_from_word(*word, accel);
    return error_set(error, ERROR_FAILED, "no accelerator of this host works");
}
