#include "base/descriptors.h"

#include <stdbool.h>
#include <sys/resource.h>

#define DESCRIPTORS_MOST (1u << 30) /* RLIM_INFINITY, for one */

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

unsigned descriptors_share(unsigned wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 4 >= wanted)
        return wanted;
    return (unsigned)(limit.rlim_cur / 4);
}
