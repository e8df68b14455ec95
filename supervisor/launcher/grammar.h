/* What the launcher may start as root: which programs, with which arguments. Data, and the matcher
 * of it. Asks the system only who owns the folders of a program. */
#pragma once

#include "launcher/identity.h"

/* argv ends in NULL. With user->any_arguments only QEMU's path and its option to drop root count.
 */
bool grammar_allows(char *const argv[], const struct identity *user);
