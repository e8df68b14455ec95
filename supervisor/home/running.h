/* Which VMs run, as the run folder tells: QEMU holds a write lock on its pid file RUN/NAME.TAG.pid
 * for as long as it lives, so the answer cannot be stale and no reused pid is believed. */
#pragma once

#include "base/error.h"
#include "base/strv.h"

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

/* Of a launch that has ended: a QEMU that nobody supervises removes its own at its end, not those
 * that pgsup wrote. */
void running_remove_files(const char *run, const char *name, const char *tag);

void running_done(struct running *running);
void running_list_done(struct running_list *list);
