/* What a lab file says, in memory: the cloud, networks, images and instances, each value with its
 * place in the file. Values are the texts that the options of the same names take; whether they
 * make sense is not known here. The tables of the keys are those of the file, of its schema and of
 * what is written. */
#pragma once

#include "base/error.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

#define LAB_INSTANCES_MAX 1000u
#define LAB_NETWORKS_MAX  64u
#define LAB_IMAGES_MAX    64u
#define LAB_PAIRS_MAX     1024u /* of one mapping or list */

enum lab_type { LAB_TEXT, LAB_FLAG, LAB_LIST, LAB_MAP };

/* name in the file, type, what it is: the keys of an instance */
#define LAB_KEYS(X)                                                                                \
    X(LAB_IMAGE, "image", LAB_TEXT, "image that its disk is based on")                             \
    X(LAB_VCPU, "vcpu", LAB_TEXT, "virtual processors")                                            \
    X(LAB_RAM, "ram", LAB_TEXT, "memory, in MiB or with a unit")                                   \
    X(LAB_SIZE, "size", LAB_TEXT, "size of its disk")                                              \
    X(LAB_IP, "ip", LAB_TEXT, "static IPv4 address of the first card")                             \
    X(LAB_NICS, "nics", LAB_LIST, "cards: the first may be the cloud's network, by its kind")      \
    X(LAB_FORWARDS, "forwards", LAB_LIST, "forwarded ports, as in `pgsup forward add`")            \
    X(LAB_DISKS, "disks", LAB_MAP, "extra disks: name and size")                                   \
    X(LAB_SSH_PORT, "ssh-port", LAB_TEXT, "port of 127.0.0.1 that is forwarded to its SSH")        \
    X(LAB_SEED, "seed", LAB_TEXT, "http, drive or both")                                           \
    X(LAB_HOST_KEYS, "host-keys", LAB_TEXT, "preseed or guest")                                    \
    X(LAB_ACCEL, "accel", LAB_TEXT, "hvf, kvm or tcg")                                             \
    X(LAB_NESTED, "nested", LAB_FLAG, "let its guest run virtual machines of its own")             \
    X(LAB_PACKAGE_UPGRADE, "package-upgrade", LAB_FLAG, "upgrade packages at the first boot")      \
    X(LAB_RESTART, "restart", LAB_TEXT, "no, on-failure or always")                                \
    X(LAB_AUTOSTART, "autostart", LAB_FLAG, "start it when a supervisor starts")                   \
    X(LAB_AFTER, "after", LAB_TEXT, "instance that is ready before it is autostarted")             \
    X(LAB_GROUPS, "groups", LAB_LIST, "groups of Ansible's inventory")                             \
    X(LAB_VARS, "vars", LAB_MAP, "variables that Ansible has for it")                              \
    X(LAB_PROVISION, "provision", LAB_FLAG, "run deploy.yaml after the first boot")                \
    X(LAB_SNAPSHOT_EVERY, "snapshot-every", LAB_TEXT, "how often a supervisor takes a snapshot")   \
    X(LAB_SNAPSHOT_KEEP, "snapshot-keep", LAB_TEXT, "how many of these are kept")                  \
    X(LAB_BACKUP_TO, "backup-to", LAB_TEXT, "folder of backups, beside the lab file or absolute")  \
    X(LAB_BACKUP_EVERY, "backup-every", LAB_TEXT, "how often a supervisor backs it up")            \
    X(LAB_BACKUP_KEEP, "backup-keep", LAB_TEXT, "how many of these are kept")                      \
    X(LAB_USER_DATA, "user-data", LAB_TEXT, "file, beside the lab file or absolute; or its text")  \
    X(LAB_VENDOR_DATA, "vendor-data", LAB_TEXT, "file, or its text")                               \
    X(LAB_NETWORK_CONFIG, "network-config", LAB_TEXT, "file, or its text")
#define LAB_ENUM(name, ...) name,
enum lab_key { LAB_KEYS(LAB_ENUM) LAB_KEY_COUNT };

#define LAB_NETWORK_KEYS(X)                                                                        \
    X(LAB_NETWORK_SUBNET, "subnet", LAB_TEXT, "its addresses, such as 10.77.0.0/24")               \
    X(LAB_NETWORK_DOMAIN, "domain", LAB_TEXT, "domain of its members' names")                      \
    X(LAB_NETWORK_KIND, "kind", LAB_TEXT, "multicast, pair, bridge or vmnet-helper-host")          \
    X(LAB_NETWORK_HOST_IF, "host-if", LAB_TEXT, "with bridge: the bridge of this host")
enum lab_network_key { LAB_NETWORK_KEYS(LAB_ENUM) LAB_NETWORK_KEY_COUNT };

#define LAB_IMAGE_KEYS(X)                                                                          \
    X(LAB_IMAGE_URL, "url", LAB_TEXT, "address to download it from; default: a known image")       \
    X(LAB_IMAGE_SHA256, "sha256", LAB_TEXT, "with url: checksum that the file must have")          \
    X(LAB_IMAGE_FILE, "file", LAB_TEXT, "file to import, beside the lab file or absolute")         \
    X(LAB_IMAGE_ARCH, "arch", LAB_TEXT, "with url or file: aarch64 or x86_64")                     \
    X(LAB_IMAGE_SEED_SOURCE, "seed-source", LAB_TEXT, "with file: as in `pgsup image import`")     \
    X(LAB_IMAGE_SHELL, "shell", LAB_TEXT, "with file: login shell of the accounts in its guests")  \
    X(LAB_IMAGE_FORCE, "force", LAB_FLAG, "with file: import it as a raw disk whatever it is")
enum lab_image_key { LAB_IMAGE_KEYS(LAB_ENUM) LAB_IMAGE_KEY_COUNT };

#define LAB_CLOUD_KEYS(X)                                                                          \
    X(LAB_CLOUD_NAME, "name", LAB_TEXT, "name of a cloud that is created")                         \
    X(LAB_CLOUD_SSH_PUBLIC_KEY, "ssh-public-key", LAB_LIST, "files of keys; none: a new one")      \
    X(LAB_CLOUD_SSH_PRIVATE_KEY, "ssh-private-key", LAB_TEXT, "file; default: beside the first")   \
    X(LAB_CLOUD_SSH_USER, "ssh-user", LAB_TEXT, "user of the guests as whom ssh logs in")          \
    X(LAB_CLOUD_USERS, "users", LAB_MAP, "additional users of every guest: name and file of keys") \
    X(LAB_CLOUD_ADMIN_PASSWORD_FILE, "admin-password-file", LAB_TEXT, "at creation; none: keys")   \
    X(LAB_CLOUD_NETWORK, "network", LAB_TEXT, "how guests are connected, at creation")             \
    X(LAB_CLOUD_HOST_IF, "host-if", LAB_TEXT, "host interface, at creation")                       \
    X(LAB_CLOUD_HOST_IP4, "host-ip4", LAB_TEXT, "address of this computer there, at creation")     \
    X(LAB_CLOUD_HOST_NM4, "host-nm4", LAB_TEXT, "netmask, at creation")                            \
    X(LAB_CLOUD_HOST_GW4, "host-gw4", LAB_TEXT, "gateway, at creation")                            \
    X(LAB_CLOUD_HOST_NS4, "host-ns4", LAB_TEXT, "nameserver, at creation")                         \
    X(LAB_CLOUD_PH_PORT, "ph-port", LAB_TEXT, "port where guests fetch their seed, at creation")   \
    X(LAB_CLOUD_NO_LAB, "no-lab", LAB_FLAG, "no network of the home by itself, at creation")       \
    X(LAB_CLOUD_DNS_SERVER, "dns-server", LAB_TEXT, "DNS server that is told the names")           \
    X(LAB_CLOUD_DNS_ZONE, "dns-zone", LAB_TEXT, "zone that holds them")                            \
    X(LAB_CLOUD_DNS_KEY, "dns-key", LAB_TEXT, "file of the TSIG key; \"\": no signature")          \
    X(LAB_CLOUD_PACKAGE_UPGRADE, "package-upgrade", LAB_FLAG, "new guests upgrade packages")       \
    X(LAB_CLOUD_AUTO_UP, "auto-up", LAB_FLAG, "`pgsup start`, `restart` begin a supervisor")       \
    X(LAB_CLOUD_TRASH_DAYS, "trash-days", LAB_TEXT, "for how long removed ones can be restored")
enum lab_cloud_key { LAB_CLOUD_KEYS(LAB_ENUM) LAB_CLOUD_KEY_COUNT };
#undef LAB_ENUM

struct lab_key_row {
    const char *name;
    enum lab_type type;
    const char *help;
};
extern const struct lab_key_row lab_keys[LAB_KEY_COUNT];
extern const struct lab_key_row lab_network_keys[LAB_NETWORK_KEY_COUNT];
extern const struct lab_key_row lab_image_keys[LAB_IMAGE_KEY_COUNT];
extern const struct lab_key_row lab_cloud_keys[LAB_CLOUD_KEY_COUNT];

struct lab_place {
    size_t line, column; /* from 1 on */
};

struct lab_value {
    bool given;
    struct lab_place place; /* of a value that stands under "defaults": there */
    struct strv items; /* TEXT and FLAG ("true", "false"): one; LIST: each; MAP: "name=value" */
};

/* A network, an image or the cloud, which has no name. */
struct lab_entry {
    char *name;
    struct lab_place place;
    struct lab_value *values; /* by enum lab_network_key, lab_image_key, lab_cloud_key */
};

struct lab_instance {
    char *name;
    struct lab_place place;
    struct lab_value values[LAB_KEY_COUNT];
};

struct lab {
    char *path;              /* as sentences call it */
    struct lab_entry *cloud; /* NULL: the file does not say */
    struct lab_entry *networks, *images;
    size_t network_count, image_count;
    struct lab_instance
        *instances; /* each after the one that it names in "after", if that is here */
    size_t instance_count;
};

void lab_done(struct lab *lab); /* {0} is fine */
/* to owns its texts, and has none before. */
void lab_value_copy(const struct lab_value *from, struct lab_value *to);
void lab_values_done(struct lab_value *values, size_t count);

/* NULL: not given. */
const char *lab_text(const struct lab_value *value);
/* NULL-terminated; NULL: not given. Borrowed. */
char *const *lab_list(const struct lab_value *value);
/* A path that stands in it: relative to its folder. Caller frees. */
char *lab_path(const struct lab *lab, const char *path);
/* Puts PATH:LINE:COLUMN before the sentence. What contradicts the home makes the file invalid. */
bool lab_fail_at(const struct lab *lab, struct lab_place place, struct error *error);
