/* The accounts of this host. Several threads may look up at the same time, which getpwuid() does
 * not allow. NULL: no such account, or it has none. Caller frees. */
#pragma once

#include <sys/types.h>

char *account_name(uid_t user);
char *account_folder(uid_t user);
