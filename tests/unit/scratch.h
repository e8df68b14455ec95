/* A folder of its own for one test program, removed when it ends; and children run to their end. */
#pragma once

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char scratch_folder[64];

static inline void scratch_remove(void) {
    file_remove_tree(scratch_folder, NULL);
}

static inline const char *scratch(void) {
    if (!scratch_folder[0]) {
        strcpy(scratch_folder, "/tmp/pgsup-test-XXXXXX");
        if (!mkdtemp(scratch_folder))
            abort();
        atexit(scratch_remove);
    }
    return scratch_folder;
}

static inline char *scratch_path(const char *name) { /* caller frees */
    return alloc_printf("%s/%s", scratch(), name);
}

static inline void scratch_write(const char *path, const void *data, size_t length, mode_t mode) {
    struct error error = {0};
    CHECK(file_write(path, data, length, mode, &error));
    CHECK_STRING(error.text, "");
}

/* Starts argv with its stdin and stdout on pipes whose other ends are given to the caller. */
static inline pid_t scratch_spawn(char *const argv[], int *input, int *output) {
    int in[2], out[2];
    if (pipe(in) < 0 || pipe(out) < 0)
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[0]), close(in[1]), close(out[0]), close(out[1]);
        execv(argv[0], argv);
        _exit(127);
    }
    close(in[0]), close(out[1]);
    *input = in[1];
    *output = out[0];
    return pid;
}

/* Runs argv with this text on its stdin; appends its stdout; gives its wait status. */
static inline int scratch_run(char *const argv[], const char *text, struct buffer *output,
                              pid_t *pid) {
    int in, out, status = -1;
    *pid = scratch_spawn(argv, &in, &out);
    CHECK(write(in, text, strlen(text)) == (ssize_t)strlen(text));
    char chunk[4096];
    for (ssize_t got; (got = read(out, chunk, sizeof chunk)) > 0;)
        buffer_append(output, chunk, (size_t)got);
    close(in), close(out);
    waitpid(*pid, &status, 0);
    return status;
}
