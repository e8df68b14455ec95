#include "home/instance/definition.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "base/secret.h"
#include "base/word_set.h"
#include "home/access/host_groups.h"
#include "home/access/host_variables.h"
#include "home/cloud/subnet.h"
#include "home/images/image.h"
#include "home/instance/forward.h"
#include "home/instance/identity.h"
#include "home/instance/lab_nic.h"
#include "home/instance/nic.h"
#include "home/instance/nic_reserve.h"
#include "home/instance/port_owners.h"
#include "home/seed/host_keys.h"
#include "home/seed/user_document.h"
#include "host/accelerator.h"
#include "store/claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_VCPU "2"
#define DEFAULT_RAM  2048 /* MiB */
#define DEFAULT_DISK "5G"

#define MIB          (UINT64_C(1) << 20)
#define VCPU_MAX     64
#define RAM_MIN_MIB  64
#define DISK_MAX     (UINT64_C(16) << 40)
#define DISK_MIN     (UINT64_C(1) << 20)
#define SECTOR_BYTES 512u
#define MAC_IDS      (INT64_C(1) << 24)

static bool fail_value(const char *text, const char *sentence, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(text, strlen(text), 40);
    return error_set(error, ERROR_INVALID, "\"%s\" is not %s", shown, sentence);
}

static bool fail_word(const char *text, const char *what, const struct word_set *set,
                      struct error *error) {
    scoped(alloc_release) char *choice = word_set_choice(set);
    scoped(alloc_release) char *sentence = alloc_printf("%s: use %s", what, choice);
    return fail_value(text, sentence, error);
}

/* 0 when the system does not tell. */
static uint64_t host_ram_mib(void) {
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes / MIB : 0;
}

/* A number alone is MiB, as in QEMU's -m. */
static bool parse_ram(const char *text, uint64_t *mib) {
    uint64_t bytes;
    if (name_parse_number(text, 0, UINT64_MAX / MIB, mib))
        return true;
    if (!name_parse_size(text, &bytes) || bytes % MIB != 0)
        return false;
    *mib = bytes / MIB;
    return true;
}

static bool check_ram(const char *text, const struct store_image *image, uint64_t *mib,
                      struct error *error) {
    char present[32];
    if (!text) { /* the default, or as much as the image needs */
        *mib = image->min_ram_mib > DEFAULT_RAM ? image->min_ram_mib : DEFAULT_RAM;
        return true;
    }
    if (!parse_ram(text, mib))
        return fail_value(text, "an amount of memory: use MiB such as 2048, or 2G", error);
    if (*mib < RAM_MIN_MIB)
        return fail_value(
            text, "enough memory for a guest: use at least 64 MiB, or a unit such as 4G", error);
    if (*mib < image->min_ram_mib)
        return error_set(error, ERROR_INVALID,
                         "\"%s\" is not enough memory for the image \"%s\": use at least %lluM",
                         text, image->name, (unsigned long long)image->min_ram_mib);
    uint64_t host = host_ram_mib();
    if (!host || *mib <= host)
        return true;
    name_format_size(host * MIB, present);
    return error_set(error, ERROR_INVALID,
                     "\"%s\" is more memory than this host has (%s): give the guest less", text,
                     present);
}

bool definition_parse_disk(const char *text, uint64_t *bytes, struct error *error) {
    if (!name_parse_size(text, bytes) || *bytes == 0)
        return fail_value(text, "a disk size: use one such as 5G", error);
    if (*bytes > DISK_MAX)
        return fail_value(text, "a possible disk size: use at most 16T", error);
    *bytes = (*bytes + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    return true;
}

bool definition_check_disk(const char *text, uint64_t *bytes, struct error *error) {
    return definition_parse_disk(text, bytes, error) &&
           (*bytes >= DISK_MIN || /* "10" is bytes, and never meant */
            fail_value(text, "a possible disk size: use at least 1M, or a unit, such as 5G",
                       error));
}

static bool check_disk(const char *text, const struct store_image *image, uint64_t *bytes,
                       struct error *error) {
    uint64_t needed =
        image->virtual_bytes > image->min_disk_bytes ? image->virtual_bytes : image->min_disk_bytes;
    if (!text) { /* the default, or as much as the image needs */
        name_parse_size(DEFAULT_DISK, bytes);
        if (*bytes < needed)
            *bytes = needed;
        return true;
    }
    if (!definition_check_disk(text, bytes, error))
        return false;
    if (*bytes >= needed)
        return true;
    return error_set(error, ERROR_INVALID,
                     "\"%s\" is too small for a disk of the image \"%s\": use at least %lluM", text,
                     image->name, (unsigned long long)((needed + MIB - 1) / MIB));
}

static bool check_port(const char *text, const struct store_cloud *cloud, uint16_t *port,
                       struct error *error) {
    uint64_t number;
    if (!text)
        return true;
    if (!subnet_is_user(cloud))
        return error_set(
            error, ERROR_INVALID,
            "an SSH port can be forwarded only with user networking: in the network %s "
            "guests have addresses of their own",
            cloud->network);
    if (!name_parse_number(text, 1, UINT16_MAX, &number))
        return fail_value(text, "a port: use a number from 1 to 65535", error);
    *port = (uint16_t)number;
    return true;
}

/* By the drive unless it is asked for otherwise: it needs no network, nobody else reads it, and it
 * brings the guest's host keys, so that even the first contact is with a known key. */
static bool check_seed(const char *text, const struct store_cloud *cloud,
                       const struct store_image *image, struct store_instance *instance,
                       struct error *error) {
    bool takes_http = !image_wants_drive(image);
    bool served = takes_http && subnet_host_address(cloud) != NULL;
    int way = STORE_SEED_DRIVE;
    if (text && !word_set_find(&store_seed_words, text, &way))
        return fail_word(text, "a way to seed a guest", &store_seed_words, error);
    bool by_drive = way == STORE_SEED_DRIVE;
    if (!by_drive && !takes_http)
        return error_set(
            error, ERROR_INVALID,
            "the image \"%s\" does not support a seed over HTTP (--seed-source %s): use "
            "drive",
            image->name, image->seed_source);
    if (!by_drive && !served)
        return error_set(
            error, ERROR_INVALID,
            "a seed over HTTP requires the address of this host: create the cloud with "
            "--host-ip4 and --host-nm4, or use drive");
    instance->seed = (enum store_seed)way;
    return true;
}

/* network-config comes with the drive; over HTTP not every cloud-init asks for it. */
bool definition_check_network(const struct store_instance *instance,
                              const struct store_image *image, struct error *error) {
    if (instance->seed != STORE_SEED_HTTP || strcmp(image->seed_source, "nocloud-net") != 0)
        return true;
    error_set(error, ERROR_INVALID,
              "your own network-config would have no effect: the cloud-init of \"%s\" does not ask "
              "for it over HTTP; use --seed drive or both",
              image->name);
    return error_about(error, "network-config");
}

static bool check_vcpu(const char *text, uint64_t *vcpu, struct error *error) {
    return name_parse_number(text, 1, VCPU_MAX, vcpu) ||
           fail_value(text, "a number of virtual processors: use 1 to 64", error);
}

/* Private keys go by drive only: whoever listens on the network would have them as well. */
static bool check_way_of_keys(enum store_host_keys host_keys, enum store_seed seed,
                              const char *advice, struct error *error) {
    if (host_keys != STORE_HOST_KEYS_PRESEED || seed != STORE_SEED_HTTP)
        return true;
    return error_set(error, ERROR_INVALID,
                     "host keys cannot be given over HTTP: use drive or both for the seed%s",
                     advice);
}

static bool check_host_keys(const char *text, enum store_seed seed, enum store_host_keys *host_keys,
                            struct error *error) {
    int way = seed == STORE_SEED_HTTP ? STORE_HOST_KEYS_GUEST : STORE_HOST_KEYS_PRESEED;
    if (text && !word_set_find(&store_host_keys_words, text, &way))
        return fail_word(text, "a way to create host keys", &store_host_keys_words, error);
    *host_keys = (enum store_host_keys)way;
    return check_way_of_keys(*host_keys, seed, ", or --host-keys guest", error);
}

static bool check_hardware(const struct instance_create_options *options,
                           struct instance_facts *facts, struct error *error) {
    const struct store_image *image = &facts->image;
    struct store_instance *instance = &facts->instance;
    const char *vcpu = options->vcpu ? options->vcpu : DEFAULT_VCPU;
    return (check_vcpu(vcpu, &instance->vcpu, error) || error_about(error, "vcpu")) &&
           (check_ram(options->ram, image, &instance->ram_mib, error) ||
            error_about(error, "ram")) &&
           (check_disk(options->disk, image, &instance->disk_bytes, error) ||
            error_about(error, "size")) &&
           (!options->accel || accelerator_check(options->accel, error) ||
            error_about(error, "accel"));
}

static bool check_connections(struct store *store, const struct instance_create_options *options,
                              struct instance_facts *facts, struct error *error) {
    const struct store_cloud *cloud = &facts->cloud;
    return (!options->ip4 || subnet_check_guest(cloud, options->ip4, error) ||
            error_about(error, "ip")) &&
           (check_port(options->ssh_port, cloud, &facts->instance.ssh_port, error) ||
            error_about(error, "ssh-port")) &&
           (forward_parse_all(options->forwards, cloud, &facts->forwards, error) ||
            error_about(error, "forwards")) &&
           nic_parse_all(store, options->nics, &facts->nics, error) &&
           (options->no_lab || lab_nic_add(store, &facts->nics, error));
}

static bool check_seeding(const struct instance_create_options *options,
                          struct instance_facts *facts, struct error *error) {
    const struct store_image *image = &facts->image;
    struct store_instance *instance = &facts->instance;
    return (check_seed(options->seed, &facts->cloud, image, instance, error) ||
            error_about(error, "seed")) &&
           (!user_document_has_network(NULL, options->own) ||
            definition_check_network(instance, image, error)) &&
           (check_host_keys(options->host_keys, instance->seed, &instance->host_keys, error) ||
            error_about(error, "host-keys"));
}

bool definition_check(struct store *store, const struct instance_create_options *options,
                      struct instance_facts *facts, struct error *error) {
    const struct store_cloud *cloud = &facts->cloud;
    const struct store_image *image = &facts->image;
    struct store_instance *instance = &facts->instance;
    instance->ip4 = alloc_string(options->ip4);
    if (!check_hardware(options, facts, error) ||
        !check_connections(store, options, facts, error) || !check_seeding(options, facts, error))
        return false;
    instance->name = alloc_string(options->name);
    instance->image = alloc_string(image->name);
    instance->arch = alloc_string(image->arch);
    instance->accel = alloc_string(options->accel);
    instance->nested = options->nested;
    instance->package_upgrade = options->packages == INSTANCE_PACKAGES_AS_CLOUD
                                    ? cloud->package_upgrade
                                    : options->packages == INSTANCE_PACKAGES_UPGRADE;
    return true;
}

bool definition_apply_ansible(const struct ansible_options *options,
                              struct store_instance *instance, struct error *error) {
    if (options->playbook != ANSIBLE_PLAYBOOK_AS_IT_IS)
        instance->holds_playbook = options->playbook == ANSIBLE_PLAYBOOK_HELD;
    return (!options->groups || host_groups_set(&instance->groups, options->groups, error) ||
            error_about(error, "groups")) &&
           (!options->removed_variables ||
            host_variables_remove(&instance->variables, options->removed_variables, error)) &&
           (!options->variables ||
            host_variables_set(&instance->variables, options->variables, error) ||
            error_about(error, "vars"));
}

/* A static address comes with the seed that suits it, unless one is asked for. */
static bool change_seed(const struct instance_change_options *options,
                        const struct store_cloud *cloud, const struct store_image *image,
                        struct store_instance *instance, struct error *error) {
    if (!options->seed && !(options->ip4 && *options->ip4))
        return true;
    bool good =
        check_seed(options->seed, cloud, image, instance, error) &&
        check_way_of_keys(instance->host_keys, instance->seed,
                          "; an instance that is to be seeded over HTTP is created so", error);
    return good || error_about(error, "seed");
}

static const char *value_or_null(const char *text) {
    return *text ? text : NULL;
}

static bool check_change(const struct instance_change_options *options,
                         const struct store_cloud *cloud, const struct store_image *image,
                         struct store_instance *instance, struct error *error) {
    const char *ip4 = options->ip4, *accel = options->accel;
    return (!options->vcpu || check_vcpu(options->vcpu, &instance->vcpu, error) ||
            error_about(error, "vcpu")) &&
           (!options->ram || check_ram(options->ram, image, &instance->ram_mib, error) ||
            error_about(error, "ram")) &&
           (!ip4 || !*ip4 || subnet_check_guest(cloud, ip4, error) || error_about(error, "ip")) &&
           (check_port(options->ssh_port, cloud, &instance->ssh_port, error) ||
            error_about(error, "ssh-port")) &&
           (!accel || !*accel || accelerator_check(accel, error) || error_about(error, "accel"));
}

bool definition_change(const struct instance_change_options *options,
                       const struct store_cloud *cloud, const struct store_image *image,
                       struct store_instance *instance, struct error *error) {
    if (!check_change(options, cloud, image, instance, error))
        return false;
    if (options->ip4)
        alloc_replace(&instance->ip4, alloc_string(value_or_null(options->ip4)));
    if (options->ssh_port)
        instance->ssh_port_given = !options->ssh_port_drawn;
    if (options->nested != INSTANCE_NESTED_AS_IT_IS)
        instance->nested = options->nested == INSTANCE_NESTED_ON;
    if (options->machine_update)
        alloc_replace(&instance->machine, NULL);
    if (options->accel)
        alloc_replace(&instance->accel, alloc_string(value_or_null(options->accel)));
    return change_seed(options, cloud, image, instance, error);
}

bool definition_check_free(struct store *store, const char *name, struct error *error) {
    bool taken;
    if (!instance_table_has(store, name, &taken, error))
        return false;
    return !taken ||
           error_set(error, ERROR_EXISTS,
                     "the instance \"%s\" exists already: choose another name or remove it first",
                     name);
}

/* An instance that is made has no id yet. */
static bool check_address_free(const struct store_instances *others,
                               const struct store_instance *instance, struct error *error) {
    const char *ip4 = instance->ip4;
    for (size_t i = 0; ip4 && i < others->count; i++)
        if (others->items[i].id != instance->id && others->items[i].ip4 &&
            strcmp(others->items[i].ip4, ip4) == 0) {
            error_set(error, ERROR_EXISTS,
                      "the address %s belongs to the instance \"%s\": use another one", ip4,
                      others->items[i].name);
            return error_about(error, "ip");
        }
    return true;
}

bool definition_check_address(struct store *store, const struct store_cloud *cloud,
                              const struct store_instance *instance, struct error *error) {
    struct store_instances others = {0};
    bool good = instance_table_list(store, &others, error) &&
                check_address_free(&others, instance, error) &&
                nic_reserve_check_first(store, cloud, instance->ip4, error);
    store_instances_done(&others);
    return good;
}

bool definition_check_port(struct store *store, uint16_t port, struct error *error) {
    struct port_owners others = {0};
    bool good = port_owners_list(store, &others, error) &&
                (port_owners_choose(port, &others, error) || error_about(error, "ssh-port"));
    port_owners_done(&others);
    return good;
}

/* The SSH port that is chosen is none that one of its own forwards asks for. */
static bool reserve_unique(struct store *store, struct instance_facts *facts, struct error *error) {
    const struct store_cloud *cloud = &facts->cloud;
    struct store_instance *instance = &facts->instance;
    struct port_owners others = {0};
    bool good = port_owners_list(store, &others, error) &&
                check_address_free(&others.instances, instance, error) &&
                nic_reserve_check_first(store, cloud, instance->ip4, error);
    for (size_t i = 0; good && i < facts->forwards.count; i++) {
        alloc_replace(&facts->forwards.items[i].name, alloc_string(instance->name));
        port_owners_add(&others, &facts->forwards.items[i]);
    }
    if (good && subnet_is_user(cloud)) {
        instance->ssh_port_given = instance->ssh_port != 0;
        instance->ssh_port = port_owners_choose(instance->ssh_port, &others, error);
        good = instance->ssh_port != 0 || error_about(error, "ssh-port");
    }
    port_owners_done(&others);
    return good;
}

static bool has_mac(const struct store_nics *nics, const char *mac) {
    for (size_t i = 0; i < nics->count; i++)
        if (strcmp(nics->items[i].mac, mac) == 0)
            return true;
    return false;
}

/* The next one whose MAC address no user has given to another card. */
static bool choose_id(struct store *store, const struct store_cloud *cloud,
                      struct store_instance *instance, struct error *error) {
    struct store_nics nics = {0};
    bool good = instance_table_next_id(store, &instance->id, error) &&
                nic_table_list(store, 0, &nics, error);
    for (bool free = instance->mac; good && !free;) {
        scoped(alloc_release) char *mac = identity_mac(cloud, instance->id);
        free = !has_mac(&nics, mac) && !claim_has_mac(store, mac);
        instance->id += !free;
    }
    store_nics_done(&nics);
    return good;
}

bool definition_reserve(struct store *store, struct instance_facts *facts, struct error *error) {
    struct store_instance *instance = &facts->instance;
    if (!definition_check_free(store, instance->name, error) ||
        !reserve_unique(store, facts, error) || !choose_id(store, &facts->cloud, instance, error))
        return false;
    if (instance->id >= MAC_IDS)
        return error_set(error, ERROR_FAILED,
                         "this cloud has no free MAC addresses left: create another one");
    identity_assign(&facts->cloud, instance);
    return true;
}
