#include "base/descriptors.h"

#include <stdbool.h>
#include <sys/resource.h>

#define DESCRIPTORS_MOST (1u << 30) /* RLIM_INFINITY, for one */
#define OWN_DESCRIPTORS  48u /* 16 near ones for children, a netlink socket for each thread … */
#define VM_DESCRIPTORS   7u

static rlim_t raised_from; /* the soft limit before; 0: it was not raised */

void descriptors_raise(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
        return;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && !raised_from)
        raised_from = before;
}

void descriptors_give_back(void) {
    struct rlimit limit;
    if (!raised_from || getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = raised_from;
    setrlimit(RLIMIT_NOFILE, &limit);
}

unsigned descriptors_limit(void) {
    struct rlimit limit;
    bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_MOST;
    return known ? (unsigned)limit.rlim_cur : DESCRIPTORS_MOST;
}

static unsigned share_of(unsigned limit, unsigned wanted) {
    return limit / 4 < wanted ? limit / 4 : wanted;
}

unsigned descriptors_share(unsigned wanted) {
    return share_of(descriptors_limit(), wanted);
}

/* Without what its servers may hold, and each VM with what it holds at most: a QMP socket, a
 * console with its log and its times, the end of its process, an agent, a probe. */
unsigned descriptors_vms(unsigned limit) {
    unsigned taken = 2 * share_of(limit, DESCRIPTORS_CLIENTS) + OWN_DESCRIPTORS;
    return limit > taken ? (limit - taken) / VM_DESCRIPTORS : 0;
}
