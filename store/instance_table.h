/* Instances: the definitions of VMs. An id is never reused, so the instance-id and the MAC address
 * that are derived from it are not reused either. */
#pragma once

#include "store/store.h"

#include <stddef.h>

/* How the guest gets its seed; BOTH: its name and network by drive, the rest over HTTP. */
enum store_seed { STORE_SEED_HTTP, STORE_SEED_DRIVE, STORE_SEED_BOTH };
/* Who makes the host keys: the guest, which reports them when it phones home, or this host. */
enum store_host_keys { STORE_HOST_KEYS_GUEST, STORE_HOST_KEYS_PRESEED };
/* When the supervisor starts the VM again after it ended: daemon/policy.h. */
enum store_restart { STORE_RESTART_NO, STORE_RESTART_ON_FAILURE, STORE_RESTART_ALWAYS };

extern const struct word_set store_seed_words, store_host_keys_words, store_restart_words;
const char *store_seed_word(enum store_seed seed);                /* "http" */
const char *store_host_keys_word(enum store_host_keys host_keys); /* "preseed" */
const char *store_restart_word(enum store_restart restart);       /* "on-failure" */

struct store_instance {
    int64_t id; /* AUTOINCREMENT */
    char *name;
    char *instance_id; /* cloud-init's: [a-z0-9-] */
    char *uuid;        /* SMBIOS and QMP identity */
    /* Three secrets, 32 hex digits each, in the URLs under which a guest reads its seed, phones
     * home and reports its progress: who sees one must not have the others. The last two are NULL
     * for an instance of before, which has the first for all: home/seed/seed.h. */
    char *token, *phone_home_token, *report_token;
    char *mac;   /* "52:54:00:…", lower case */
    char *image; /* name, joined from images */
    char *arch;  /* joined from images */
    enum store_seed seed;
    enum store_host_keys host_keys; /* set once */
    char *ip4;                      /* static address; NULL: DHCP */
    char *accel;                    /* forced accelerator; NULL: chosen at each start */
    uint64_t vcpu, ram_mib, disk_bytes;
    uint16_t ssh_port;   /* user networking: forwarded from 127.0.0.1; 0 otherwise */
    bool ssh_port_given; /* a user chose it: it is never replaced */
    bool package_upgrade;
    bool autostart;
    bool nested; /* its guest may run virtual machines of its own */
    enum store_restart restart;
    char *after;         /* name of the instance that autostarts before; NULL */
    bool wanted;         /* the last wish of a user: running (start) or not (stop) */
    bool holds_playbook; /* deploy.yaml is from elsewhere: it runs only when a user asks for it */
    int64_t created_ms;
    char *machine;   /* QEMU's type of it, "virt-7.2", as at its first start; NULL: not started */
    char *groups;    /* "web,db": home/access/host_groups.h; NULL: none */
    char *variables; /* "name=value" lines: home/access/host_variables.h; NULL: none */
    uint64_t snapshot_every_s; /* the supervisor takes one that often while it runs; 0: never */
    uint64_t snapshot_keep;    /* so many of these are kept */
};
struct store_instances {
    struct store_instance *items;
    size_t count;
};

/* True if the guest gets its own address by DHCP: it is neither static nor reached by a forward. */
bool store_instance_uses_dhcp(const struct store_instance *instance);

/* Returns the id of the next new row, so that names can be derived from it before the row exists.
 * Call inside a transaction. */
bool instance_table_next_id(struct store *store, int64_t *id, struct error *error);
bool instance_table_add(struct store *store, const struct store_instance *instance,
                        struct error *error);
bool instance_table_get(struct store *store, const char *name, struct store_instance *instance,
                        struct error *error); /* as the next one, if there is none */
/* "no instance "x": did you mean "y"?", or "…: `pgsup list` shows all". */
bool instance_table_fail_absent(struct store *store, const char *name, struct error *error);
/* Cheap also where there is none: no name is looked for that may have been meant. */
bool instance_table_has(struct store *store, const char *name, bool *found, struct error *error);
bool instance_table_get_by_token(struct store *store, const char *token,
                                 struct store_instance *instance, struct error *error);
bool instance_table_get_by_phone_home_token(struct store *store, const char *token,
                                            struct store_instance *instance, struct error *error);
bool instance_table_list(struct store *store, struct store_instances *instances,
                         struct error *error); /* by name */
/* … only the one of that name, which has to be there; NULL: all. */
bool instance_table_list_named(struct store *store, const char *name,
                               struct store_instances *instances, struct error *error);
/* … by id, with no more than the table of all instances shows; the rest is NULL and 0. */
bool instance_table_list_brief(struct store *store, struct store_instances *instances,
                               struct error *error);
/* Those that were wanted last and have a restart policy. */
bool instance_table_list_restarted(struct store *store, struct store_instances *instances,
                                   struct error *error);
/* Rewrites the columns that settings change, and wanted. Image, identity, MAC address and host keys
 * stay; machine and holds_playbook have functions of their own below. */
bool instance_table_update(struct store *store, const struct store_instance *instance,
                           struct error *error);
/* Writes only instance_id and the tokens. */
bool instance_table_set_identity(struct store *store, const struct store_instance *instance,
                                 struct error *error);
bool instance_table_set_wanted(struct store *store, int64_t id, bool wanted, struct error *error);
bool instance_table_set_holds_playbook(struct store *store, int64_t id, bool holds,
                                       struct error *error);
/* NULL: the next start takes what QEMU's alias stands for then. */
bool instance_table_set_machine(struct store *store, int64_t id, const char *machine,
                                struct error *error);
bool instance_table_set_disk(struct store *store, int64_t id, uint64_t bytes, struct error *error);
bool instance_table_remove(struct store *store, int64_t id, struct error *error);
void store_instance_done(struct store_instance *instance);
void store_instances_done(struct store_instances *instances);
