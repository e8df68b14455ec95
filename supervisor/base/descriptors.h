/* How many descriptors this process may open. */
#pragma once

#define DESCRIPTORS_WANTED 10240 /* macOS: OPEN_MAX; setrlimit(2) refuses a soft limit above it */

/* launchd starts a job with 256, shells with as few. The hard limit is left as it is. */
void descriptors_raise(void);
/* For a child, between fork and exec: the soft limit that was before. Programs that use select(2)
 * or close all that may be open go by it. */
void descriptors_give_back(void);

unsigned descriptors_limit(void);

/* How many connections a server may hold that wants so many: at most a quarter of all descriptors,
 * so that there are always some to start VMs with. */
unsigned descriptors_share(unsigned wanted);

/* What each of a supervisor's two servers wants, control_server.h and seed_server.h. */
#define DESCRIPTORS_CLIENTS 256u
/* How many VMs run under a supervisor that may open so many. */
unsigned descriptors_vms(unsigned limit);
