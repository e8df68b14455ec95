/* The files of one launch in the run folder, RUN/NAME.TAG.KIND, by which any process finds the VM
 * and reaches it. The tag is the number of the launch, or "sh" and the process number of vm.sh.
 * Pure. */
#pragma once

/* In the order in which they are removed: as long as the pid file is there, the others are looked
 * for. Column: kind. */
#define RUN_FILES(X)                                                                               \
    X(RUN_FILE_QMP, "qmp")     /* the supervisor's monitor */                                      \
    X(RUN_FILE_MONITOR, "mon") /* the second monitor, for a person */                              \
    X(RUN_FILE_CONSOLE, "con") /* the serial console */                                            \
    X(RUN_FILE_AGENT, "qga")   /* the channel of the guest's agent */                              \
    X(RUN_FILE_HELPERS, "net") /* the processes of the network helpers */                          \
    X(RUN_FILE_HARDWARE, "hw") /* what the guest sees: suspend_tag.h */                            \
    X(RUN_FILE_PID, "pid")     /* locked by QEMU for as long as it lives */
#define RUN_FILE_ENUM(name, ...) name,
enum run_file { RUN_FILES(RUN_FILE_ENUM) RUN_FILE_COUNT };
#undef RUN_FILE_ENUM

#define RUN_FILE_SCRIPT_TAG "sh" /* the beginning of the tag of vm.sh */

const char *run_file_kind(enum run_file file); /* "qmp" */
char *run_file_path(const char *run, const char *name, const char *tag,
                    enum run_file file); /* caller frees */
