/* One program that the launcher starts: with the user's identity, or with root's, and with nothing
 * of the launcher's own: no environment but who it is for, no signal mask, no descriptor.
 *
 * A program of root's may need a file that only it reads, QEMU the address of a seed: it is made
 * here, in a new folder of root's which is the program's working folder, and never opened again.
 * The caller removes it when the program has ended. */
#pragma once

#include "launcher/identity.h"

#include <stddef.h>

#define START_FILE          "smbios.bin" /* its name in that folder */
#define START_HIGH_FD       100          /* the lowest of the descriptors of struct start */
#define START_FAILED_STATUS 126

struct start {
    char **argv; /* argv[0] absolute, the last one NULL */
    int *fds;    /* from the second on: 1, 2, 3 … of the program */
    size_t fd_count;
    bool as_root;
    const char *file; /* with as_root and a length */
    size_t file_length;
};

struct start_folder { /* "": there is none */
    char path[48];
};

/* Waits until the program itself runs. -1 with errno; then no folder is left. */
pid_t start_program(const struct start *start, const struct identity *user,
                    struct start_folder *folder);
void start_remove(struct start_folder *folder);
/* The folders of launchers that were killed before they could remove them. */
void start_remove_stale(void);
