/* The files of one launch in the run folder, NAME.TAG.KIND, by which any process finds the VM and
 * reaches it. The tag is "n" and the number of the launch, or "sh" and the process number of vm.sh,
 * or the number alone, as older versions of pgsup wrote it.
 *
 * Of a launch whose tag begins with "n" only the pid file is in RUN, the others are in RUN/s: each
 * start reads the names in RUN, to see who runs. Of the others all are in RUN; so are those of the
 * millionth launch and later ones, because no path may be longer than vm.sh's (home/run_folder.h).
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
    X(RUN_FILE_HARDWARE, "hw") /* of older versions: what the guest sees (suspend_tag.h) */        \
    X(RUN_FILE_PID, "pid")     /* locked by QEMU for as long as it lives */
#define RUN_FILE_ENUM(name, ...) name,
enum run_file { RUN_FILES(RUN_FILE_ENUM) RUN_FILE_COUNT };
#undef RUN_FILE_ENUM

#define RUN_FILE_SCRIPT_TAG "sh" /* the beginning of the tag of vm.sh */

const char *run_file_kind(enum run_file file); /* "qmp" */
char *run_file_path(const char *run, const char *name, const char *tag,
                    enum run_file file); /* caller frees */
char *run_file_apart(const char *run);   /* RUN/s; caller frees */
