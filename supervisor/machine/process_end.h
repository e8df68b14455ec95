/* How a process ended. Knows no event loop, so that commands can use it. */
#pragma once

#include <stdbool.h>

struct process_end {
    bool status_known; /* false: it was not our child */
    int exit_status;
    int signal; /* 0: exited by itself */
};
