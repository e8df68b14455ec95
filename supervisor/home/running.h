/* Which VMs run, as the run folder tells: QEMU holds a write lock on its pid file RUN/NAME.TAG.pid
 * for as long as it lives, so the answer cannot be stale and no reused pid is believed. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/strv.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct running {
    char *name;
    char *tag; /* of the launch: machine/core/run_file.h */
    pid_t pid;
    uint64_t start; /* base/platform.h: platform_process_start() */
};
struct running_list {
    struct running *items;
    size_t count;
};

/* Lists all VMs that run below this folder; removes the files of dead ones. False: unknown,
 * which is not the same as "nothing runs". */
bool running_scan(const char *run, struct running_list *list, struct error *error);
/* The same without those whose pid file has one of these names, in ascending order. */
bool running_scan_others(const char *run, const struct strv *known, struct running_list *list,
                         struct error *error);
/* The same as running_scan(), and what dead ones left stays where it is. */
bool running_look(const char *run, struct running_list *list, struct error *error);
/* One instance; running->name is NULL when it does not run. False: as above. */
bool running_find(const char *run, const char *name, struct running *running, struct error *error);

/* The names in a run folder, read once for all who each look for one instance at the same time:
 * where a thousand start at once, each would read those of all that run by then. Any thread. */
struct running_names {
    const char *run; /* the folder; borrowed */
    pthread_mutex_t lock;
    struct buffer files; /* "/NAME.TAG.pid/NAME.TAG.pid/"; empty: not read */
    uint64_t read_ms;    /* when its reading began */
};
/* So old may they be: about what passes anyway from a QEMU's start until its pid file is there. */
#define RUNNING_NAMES_MS 25u

void running_names_init(struct running_names *names, const char *run);
/* As running_find(); who holds a lock is looked at each time. now_ms: clock_monotonic_ms(). */
bool running_names_find(struct running_names *names, const char *name, uint64_t now_ms,
                        struct running *running, struct error *error);
void running_names_forget(struct running_names *names); /* frees; they are read again when asked */

/* Of a launch that has ended: a QEMU that nobody supervises removes its own at its end, not those
 * that pgsup wrote. */
void running_remove_files(const char *run, const char *name, const char *tag);

void running_done(struct running *running);
void running_list_done(struct running_list *list);
