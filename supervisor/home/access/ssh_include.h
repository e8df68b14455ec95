/* One line, Include "PATH/ssh_config", in a person's own configuration of ssh, with which ssh, scp,
 * rsync, git and editors reach guests by their names. It stands first, because ssh takes the first
 * value that it finds, and an Include behind a Host line counts for that host only. The rest of the
 * file is not touched: its mode stays, and it is replaced as a whole. Blocking. */
#pragma once

#include "base/error.h"

#define SSH_INCLUDE_LIMIT_BYTES (1u << 20) /* of a person's configuration */

enum ssh_include_result { SSH_INCLUDE_FAILED, SSH_INCLUDE_DONE, SSH_INCLUDE_UNCHANGED };

/* path: ~/.ssh/config; its folder and it are made if they are missing. It may be a link to a file
 * that is the caller's, in a folder of his: anything else is refused. */
enum ssh_include_result ssh_include_add(const char *path, const char *included,
                                        struct error *error);
/* Takes the line away, and the file if nothing else is in it. */
enum ssh_include_result ssh_include_remove(const char *path, const char *included,
                                           struct error *error);
