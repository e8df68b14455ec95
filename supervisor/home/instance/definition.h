/* From what was asked for to the definition of a new instance. */
#pragma once

#include "base/error.h"
#include "home/facts.h"
#include "home/instance/backup_period.h"
#include "home/instance/snapshot_schedule.h"
#include "home/instance/startup.h"
#include "store/cloud_table.h"
#include "store/image_table.h"
#include "store/instance_table.h"

/* What cloud-init does with the image's packages at the first boot. */
enum instance_packages {
    INSTANCE_PACKAGES_AS_CLOUD, /* says */
    INSTANCE_PACKAGES_UPGRADE,
    INSTANCE_PACKAGES_KEEP
};

/* Lists as given on the command line, NULL-terminated; NULL: as it is. */
struct ansible_options {
    char *const *groups;            /* home/access/host_groups.h */
    char *const *variables;         /* home/access/host_variables.h */
    char *const *removed_variables; /* names; taken away before the others are set */
    enum { ANSIBLE_PLAYBOOK_AS_IT_IS, ANSIBLE_PLAYBOOK_RUNS, ANSIBLE_PLAYBOOK_HELD } playbook;
};

struct instance_create_options { /* texts as given on the command line; NULL: default */
    const char *name;
    const char *image;     /* "ubuntu-jammy" */
    const char *vcpu;      /* "2" */
    const char *ram;       /* MiB or with unit, "2048" */
    const char *disk;      /* "5G" */
    const char *ip4;       /* NULL: DHCP */
    const char *ssh_port;  /* user networking; NULL: first free one from 10022 */
    const char *seed;      /* "http", "drive" or "both"; NULL: drive */
    char *const *nics;     /* nic.h; NULL-terminated; NULL: the first card only */
    bool no_lab;           /* not one in the network that each new instance is in besides */
    char *const *forwards; /* forward.h; NULL-terminated; NULL: none but SSH */
    const char *host_keys; /* "preseed" or "guest"; NULL: preseed where the seed goes by drive */
    const char *accel;
    bool nested;                      /* its guest may run virtual machines of its own */
    const struct user_documents *own; /* home/seed/user_document.h; NULL: none */
    enum instance_packages packages;
    struct startup_options startup;
    struct ansible_options ansible;
};

enum instance_nested { INSTANCE_NESTED_AS_IT_IS, INSTANCE_NESTED_ON, INSTANCE_NESTED_OFF };

/* Texts as given on the command line; NULL: as it is. "" takes an address or an accelerator away.
 */
struct instance_change_options {
    const char *vcpu, *ram, *ip4, *ssh_port, *seed, *accel;
    char *const *nics; /* nic.h; NULL-terminated: those besides the first, instead of those before;
                          one that is "": none */
    const struct user_documents *own; /* home/seed/user_document.h; NULL: as they are */
    bool rerun;                       /* cloud-init begins anew */
    bool ssh_port_drawn;              /* no user has chosen it: ssh_port.h replaces it */
    enum instance_nested nested;
    bool machine_update; /* the next start takes QEMU's newest version of the machine */
    struct backup_period_options backups;
    struct startup_options startup;
    struct snapshot_schedule_options snapshots;
    struct ansible_options ansible;
};

/* The part that depends on nothing else that is being made: names, numbers, sizes, addresses. From
 * the cloud and the image in facts; fills the instance, its cards and forwards. ssh_port is 0 when
 * none was asked for. */
bool definition_check(struct store *store, const struct instance_create_options *options,
                      struct instance_facts *facts, struct error *error);

/* Checks and assigns what must be unique: name, address, port, id and what is derived from it.
 * Runs in the transaction that adds the row. */
bool definition_reserve(struct store *store, struct instance_facts *facts, struct error *error);

/* "5G": whole sectors, at least one, at most what QEMU takes. */
bool definition_parse_disk(const char *text, uint64_t *bytes, struct error *error);
/* The same, of a disk that is to be made or changed: at least 1 MiB. One of before may be smaller.
 */
bool definition_check_disk(const char *text, uint64_t *bytes, struct error *error);

/* Of an instance in the store, what is asked for. */
bool definition_change(const struct instance_change_options *options,
                       const struct store_cloud *cloud, const struct store_image *image,
                       struct store_instance *instance, struct error *error);
/* Fails when an instance or a program uses this port of 127.0.0.1. */
bool definition_check_port(struct store *store, uint16_t port, struct error *error);
/* Fails when another instance has its static address. */
bool definition_check_address(struct store *store, const struct store_cloud *cloud,
                              const struct store_instance *instance, struct error *error);

/* Groups and variables, and whether deploy.yaml runs by itself. */
bool definition_apply_ansible(const struct ansible_options *options,
                              struct store_instance *instance, struct error *error);

bool definition_check_free(struct store *store, const char *name, struct error *error);

/* Fails when a network-config of the user's own would never reach the guest. */
bool definition_check_network(const struct store_instance *instance,
                              const struct store_image *image, struct error *error);
