/* The files of one launch in the run folder, RUN/NAME.TAG.KIND, by which any process finds the VM
 * and reaches it. The tag is the number of the launch, or "sh" and the process number of vm.sh.
 * Pure. */
#pragma once

#include <stdbool.h>

/* In the order in which they are removed: as long as the pid file is there, the others are looked
 * for. Columns: kind; whether the owner of the home must reach a file that root's QEMU has made. */
#define RUN_FILES(X)                                                                               \
    X(RUN_FILE_QMP, "qmp", true)      /* the supervisor's monitor */                               \
    X(RUN_FILE_MONITOR, "mon", true)  /* the second monitor, for a person */                       \
    X(RUN_FILE_CONSOLE, "con", true)  /* the serial console */                                     \
    X(RUN_FILE_AGENT, "qga", true)    /* the channel of the guest's agent */                       \
    X(RUN_FILE_HELPERS, "net", false) /* the processes of the network helpers */                   \
    X(RUN_FILE_PID, "pid", true)      /* locked by QEMU for as long as it lives */
#define RUN_FILE_ENUM(name, ...) name,
enum run_file { RUN_FILES(RUN_FILE_ENUM) RUN_FILE_COUNT };
#undef RUN_FILE_ENUM

#define RUN_FILE_SCRIPT_TAG "sh" /* the beginning of the tag of vm.sh */

const char *run_file_kind(enum run_file file); /* "qmp" */
bool run_file_is_for_owner(enum run_file file);
char *run_file_path(const char *run, const char *name, const char *tag,
                    enum run_file file); /* caller frees */
