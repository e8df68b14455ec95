/* What pgsup-fetch gives up before it reads a byte from elsewhere: all that a fault in a library
 * could be used for. The file that it writes and the one that it unpacks are open by then. What
 * the system does not offer is done without. */
#pragma once

#include <stdbool.h>

/* May open no file for writing and start no program; may read only what a system library needs (on
 * Linux, where the kernel has Landlock: system folders). network false: may connect to nothing. */
void confine(bool network);
