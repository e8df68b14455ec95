/* Instances on disk: INSTANCEDIR = PATH/instances/NAME with os.qcow2, cloud-init/, cloud-init.img,
 * vm.sh. Creation is all or nothing; removal leaves no row and no file. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/instance/startup.h"
#include "machine/core/spec.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"

struct instance_options { /* texts as given on the command line; NULL: default */
    const char *name;
    const char *image;     /* "ubuntu-jammy" */
    const char *vcpu;      /* "2" */
    const char *ram;       /* MiB or with unit, "2048" */
    const char *disk;      /* "5G" */
    const char *ip4;       /* NULL: DHCP */
    const char *ssh_port;  /* user networking; NULL: first free one from 10022 */
    const char *seed;      /* "http", "drive" or "both"; NULL: by design, "Seeds" */
    char *const *nics;     /* home/nic.h; NULL-terminated; NULL: the first card only */
    char *const *forwards; /* home/forward.h; NULL-terminated; NULL: none but SSH */
    const char *host_keys; /* "preseed" or "guest"; NULL: preseed where the seed goes by drive */
    const char *accel;
    const struct own_documents *own; /* home/own_document.h; NULL: none */
    bool no_package_upgrade;
    bool rerun; /* of one that exists: cloud-init begins anew */
    struct startup_options startup;
};

bool instance_create(struct home *home, const struct instance_options *options,
                     struct store_instance *made, struct error *error);
/* The caller has made sure that no VM of it runs. */
bool instance_remove(struct home *home, const struct store_instance *instance, struct error *error);

/* The address and port on which ssh reaches the guest from this host; address "" when not known
 * yet. With user networking the guest's own address is known to nobody but QEMU: it is reached at
 * this host's loopback. */
struct instance_endpoint {
    char address[64];
    uint16_t port;
    char source[16];  /* store/guest_table.h: address_source; "" when not known */
    int64_t since_ms; /* when a learned one was learned; 0: it was defined, not learned */
};
bool instance_endpoint(struct home *home, const struct store_instance *instance,
                       struct instance_endpoint *endpoint, struct error *error);

/* A launch made ready: documents and vm.sh written where the user has not changed them, seed drive
 * rebuilt when its documents changed, overlay present, forwarded port free, programs and firmware
 * found. Fills the spec; its strings live in the plan. */
struct instance_plan {
    struct spec spec;
    struct spec_forward *forwards; /* owned */
    struct spec_disk disks[SPEC_DISKS_MAX];
    char *folder;
    char **owned; /* NULL-terminated list of strings the spec points to */
};
/* Writes the documents and vm.sh after the definition was changed, inside the transaction that
 * changes it. */
bool instance_renew(struct home *home, const char *name, struct error *error);
/* After anything in that transaction failed: rolls it back, and writes what was written already as
 * the store has it again. */
void instance_renew_undo(struct home *home, const char *name);
bool instance_prepare(struct home *home, const char *name, struct instance_plan *plan,
                      struct error *error);
void instance_plan_done(struct instance_plan *plan);
