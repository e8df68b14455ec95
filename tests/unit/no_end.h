/* A system that tells of no end of a process. */
#pragma once

#include <stdbool.h>

/* From now on platform_process_end_fd() has nothing to offer to this process and its children.
 * False: here it always has. */
bool no_end_descriptors(void);
