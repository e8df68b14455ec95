/* What checks look at: this computer, and the home as it is on disk. Read once, without changing
 * anything, then read-only for all threads. Tests give other paths and another system. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"
#include "store/cloud_table.h"
#include "store/disk_table.h"
#include "store/forward_table.h"
#include "store/image_table.h"
#include "store/instance_table.h"
#include "store/nic_table.h"

#define SURROUNDINGS_PROGRAM_MS 1500u /* for each program that is asked */

struct surroundings {
    bool macos;
    char *home_path; /* owned, as all of these; absolute */
    char *run;       /* its folder of sockets, real */
    char *database;
    bool home_named; /* by -p: commands have to name it too */
    bool has_home;   /* there is a folder */
    bool has_store;  /* it was read: what follows is filled */
    int store_version;
    struct error store_problem;
    struct store_cloud cloud;
    struct store_images images;
    struct store_instances instances;
    struct store_disks *disks; /* of each instance */
    struct store_nics nics;    /* of all */
    struct store_forwards forwards;
    enum spec_arch arch; /* of most images, else of this computer */
    char *qemu;          /* absolute; NULL: not installed */
    struct spec_qemu qemu_facts;
    char *qemu_problem; /* why it did not tell its version; NULL */
    /* Where the system keeps what is looked at. */
    const char *kvm, *tun, *bridge_conf, *leases;
};

/* home_option: as given to -p; NULL. */
void surroundings_init(struct surroundings *surroundings, const char *home_option);
/* Reads home and QEMU; may take as long as a disk or a program that hangs. */
void surroundings_read(struct surroundings *surroundings);
void surroundings_done(struct surroundings *surroundings);

bool surroundings_use_network(const struct surroundings *surroundings, enum spec_network kind);
/* What a program says, at most SURROUNDINGS_PROGRAM_MS long, printable or not; NULL: it failed.
 * words: ended by NULL. Caller frees. */
char *surroundings_ask(const char *const words[]);
