/* What a service manager is told of a supervisor. */
#pragma once

#include <stdbool.h>

#define SERVICE_STOP_TIMEOUT_S 150 /* VMs are asked for 90 s, then quit and killed */
#define SERVICE_WATCHDOG_S     60
#define SERVICE_FILES          10240

struct service_definition {
    const char *program;          /* absolute path of pgsup */
    const char *home_path;        /* absolute */
    const char *label;            /* "pgsup-lab" */
    const char *path;             /* $PATH for it: where QEMU and Ansible are */
    const char *log_path;         /* for a manager without a journal */
    bool keep;                    /* SIGTERM leaves the VMs running, else it stops them */
    bool system;                  /* runs as root, from the boot on: launchd only */
    bool as_root;                 /* the home is root's own */
    const char *user, *uid, *gid; /* for whom root runs it, as sudo(8) tells; NULL: nobody */
};
