/* Where the sockets live. PATH/run, or when a socket name in there would not fit into a socket
 * address (104 bytes on macOS): a folder of the home's owner, 0700, of a name that nobody can know
 * before, in $XDG_RUNTIME_DIR, else in the owner's own $TMPDIR, else in /tmp; PATH/run is a link to
 * it and decides. A folder that somebody else made is never used. The files of a VM in it:
 * machine/core/run_file.h. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

/* Caller frees. Makes the folder when it is missing. */
char *run_folder_open(const char *home_path, struct error *error);

/* False when the sockets of an instance of this name would not fit: names of up to
 * RUN_FOLDER_NAME_RESERVE characters always do. */
#define RUN_FOLDER_NAME_RESERVE 24
bool run_folder_check_name(const char *run, const char *name, struct error *error);

/* RUN/s, where most files of a launch are, if it is missing: only a launch needs it. */
bool run_folder_make_apart(const char *run, struct error *error);

char *run_folder_lock(const char *run);    /* RUN/pgsup.lock, held by the supervisor */
char *run_folder_log(const char *run);     /* RUN/pgsup.log, of one in the background */
char *run_folder_control(const char *run); /* RUN/pgsup.sock */

/* Not for the supervisor itself, whose lock would go with the file that this closes. */
bool run_folder_is_supervised(const char *run);
