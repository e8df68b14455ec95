/* The command line of QEMU as a pure function of the spec and of how it is launched. Values are
 * comma-escaped, so commas and spaces in paths are legal; the one form that all options share also
 * carries paths that are not UTF-8, which JSON could not.
 *
 * How the guest gets its seed: SUPERVISED by HTTP when the spec has a URL, else by the drive;
 * SCRIPT by the drive whenever there is one, because a server may not run. Never by both: a
 * guest with both takes its network from neither (cloud-init: DataSourceNoCloud.py). QEMU:
 * docs/system/invocation.rst, qemu-options.hx; forms checked on 7.2 and 10.0. */
#pragma once

#include "base/buffer.h"
#include "base/strv.h"
#include "machine/core/spec.h"

#define QEMU_ARGV_AGENT "agent" /* id of the agent's channel and of its port */
#define QEMU_ARGV_DISK  "disk0" /* node of the disk that is booted from */
#define QEMU_ARGV_SEED  "seed0" /* … of the seed drive; of another disk: "disk-NAME" */
#define QEMU_ARGV_CARD  "nic"   /* id of a network card, with its position */

/* Of what a backup adds while it copies disks: jobs, and the nodes that they write to. Whoever
 * makes a backup of a running VM holds the lock on this folder in INSTANCEDIR. */
#define QEMU_ARGV_BACKUP           "pgsup-backup-"
#define QEMU_ARGV_BACKUP_DOCUMENTS "cloud-init"
#define QEMU_ARGV_SNAPSHOTS        "snapshots" /* … and whoever works on snapshots, on this one */

enum qemu_argv_style {
    QEMU_ARGV_SUPERVISED, /* listening descriptors, -S, no terminal */
    QEMU_ARGV_SCRIPT,     /* vm.sh: serial and monitor on the terminal, sockets by path */
};

struct qemu_argv_launch {
    enum qemu_argv_style style;
    const char *pid_file;
    const char *qmp_path;    /* SCRIPT: QEMU binds it; SUPERVISED: informative only */
    const char *second_path; /* second monitor, for a person; QEMU binds it */
    const char *agent_path;  /* channel of the guest's agent; QEMU binds it; NULL: no channel */
    int qmp_fd;              /* SUPERVISED: number of the listening descriptor in QEMU */
    int console_fd;          /* SUPERVISED: the same for the serial console */
    int helper_fd;           /* of the first card that has a helper, or SUPERVISED a bridge, or with
                                run_as a daemon's socket; those of the others follow
                                (machine/helpers.h) */
    /* SUPERVISED: "501:20", of the user to whom QEMU drops, which starts as root. No option names
     * a file that this user can change: sockets come as descriptors, also that of a network's
     * daemon, drives later over QMP, when root has been dropped (machine/vm_drives.h), and there
     * is no pid file. NULL: is the user. */
    const char *run_as;
    int second_fd, agent_fd; /* with run_as: of the listening sockets */
};

/* With run_as: the file that tells the address of the seed, which the launcher makes in QEMU's
 * working folder (launcher/start.h). */
#define QEMU_ARGV_SEED_FILE "smbios.bin"

/* Of a node that stands for one that is to come. */
#define QEMU_ARGV_LATER "later-"

/* The value of -smbios that tells the guest where its seed is, without telling `ps`: the address
 * contains the token. */
void qemu_argv_seed(const struct spec *spec, struct buffer *value);

bool qemu_argv_seeds_by_drive(const struct spec *spec, enum qemu_argv_style style);

/* argv[0] is spec->program. Appends to argv. */
void qemu_argv_build(const struct spec *spec, const struct qemu_argv_launch *launch,
                     struct strv *argv);
