#include "document.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cloudinit/boothook.h"
#include "cloudinit/document_check.h"
#include "cloudinit/yaml_writer.h"

#include <string.h>

#define CLOUD_CONFIG      "#cloud-config\n"
#define INSTANCE_ID_MAX   (DOCUMENT_CHECK_ID_SIZE - 1)
#define INSTANCE_ID_FIELD "${INSTANCE_ID}"
#define PHONE_HOME_TRIES  "20" /* 3 s apart: the supervisor may restart meanwhile */
#define SUDO_RULE         "ALL=(ALL) NOPASSWD:ALL"
#define ETHERNET          "primary0"
#define MORE_METRIC       "2000" /* of a route by DHCP; networkd gives the first card's 1024 */

static void write_meta_data(struct yaml_writer *writer, const struct document_seed *seed) {
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "instance-id", seed->instance_id);
    yaml_writer_text_pair(writer, "local-hostname", seed->hostname);
    yaml_writer_end_map(writer);
}

/* groups: those that every image has; cloud-init would create others. nuageinit does not create a
 * user whose group is missing, so its users are in none. */
static void begin_user(struct yaml_writer *writer, const struct document_seed *seed,
                       const char *name, const char *gecos, const char *const *groups) {
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "name", name);
    yaml_writer_text_pair(writer, "gecos", gecos);
    if (seed->reader == DOCUMENT_CLOUD_INIT)
        yaml_writer_list_pair(writer, "groups", groups);
    yaml_writer_text_pair(writer, "sudo", SUDO_RULE); /* one string: a list is invalid in 22.4.2 */
    yaml_writer_text_pair(writer, "shell", seed->shell ? seed->shell : "/bin/bash");
}

/* The user logs in by key only. nuageinit gives users no password by default, and a locked user
 * could not log in at all. */
static void write_key_user(struct yaml_writer *writer, const struct document_seed *seed,
                           const struct document_user *user, const char *gecos,
                           const char *const *groups) {
    begin_user(writer, seed, user->name, gecos, groups);
    if (seed->reader == DOCUMENT_CLOUD_INIT)
        yaml_writer_flag_pair(writer, "lock_passwd", true);
    yaml_writer_lines_pair(writer, "ssh_authorized_keys", user->ssh_public_keys);
    yaml_writer_end_map(writer);
}

static void write_admin(struct yaml_writer *writer, const struct document_seed *seed) {
    static const char *const groups[] = {"users", "adm", NULL};
    static const char name[] = "cloudadmin", gecos[] = "Cloud Admin User";
    if (!seed->admin_password_hash) {
        const struct document_user user = {name, seed->ssh_public_key};
        write_key_user(writer, seed, &user, gecos, groups);
        return;
    }
    begin_user(writer, seed, name, gecos, groups);
    if (seed->reader == DOCUMENT_CLOUD_INIT)
        yaml_writer_flag_pair(writer, "lock_passwd", false);
    yaml_writer_text_pair(writer, seed->reader == DOCUMENT_CLOUD_INIT ? "hashed_passwd" : "passwd",
                          seed->admin_password_hash);
    yaml_writer_end_map(writer);
}

static void write_users(struct yaml_writer *writer, const struct document_seed *seed) {
    static const char *const groups[] = {"users", NULL};
    const struct document_user ansible = {"ansible", seed->ssh_public_key};
    yaml_writer_plain(writer, "users");
    yaml_writer_begin_list(writer);
    write_admin(writer, seed);
    write_key_user(writer, seed, &ansible, "Ansible Automation User", groups);
    for (size_t i = 0; i < seed->user_count; i++)
        write_key_user(writer, seed, &seed->users[i], seed->users[i].name, groups);
    yaml_writer_end_list(writer);
}

static void write_phone_home(struct yaml_writer *writer, const char *url) {
    yaml_writer_plain(writer, "phone_home");
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "url", url);
    yaml_writer_list_pair(writer, "post",
                          (const char *const[]){"pub_key_rsa", "pub_key_ecdsa", "pub_key_ed25519",
                                                "instance_id", "hostname", "fqdn", NULL});
    yaml_writer_plain(writer, "tries");
    yaml_writer_plain(writer, PHONE_HOME_TRIES);
    yaml_writer_end_map(writer);
}

static void write_growpart(struct yaml_writer *writer) {
    yaml_writer_plain(writer, "growpart");
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "mode", "auto");
    yaml_writer_list_pair(writer, "devices", (const char *const[]){"/", NULL});
    yaml_writer_flag_pair(writer, "ignore_growroot_disabled", false);
    yaml_writer_end_map(writer);
}

static void write_merger(struct yaml_writer *writer, const char *name,
                         const char *const *settings) {
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "name", name);
    yaml_writer_list_pair(writer, "settings", settings);
    yaml_writer_end_map(writer);
}

/* Lists are appended to; an existing value keeps its place. */
static void write_merge_how(struct yaml_writer *writer) {
    yaml_writer_plain(writer, "merge_how");
    yaml_writer_begin_list(writer);
    write_merger(writer, "list", (const char *const[]){"append", NULL});
    write_merger(writer, "dict", (const char *const[]){"no_replace", "recurse_list", NULL});
    yaml_writer_end_list(writer);
}

/* Ansible needs these packages: where cloud-init is, its Python is too. Installing needs the
 * network, as upgrading does. FreeBSD has no sudo. */
static void write_packages(struct yaml_writer *writer, const struct document_seed *seed) {
    yaml_writer_flag_pair(writer, "package_update", seed->package_upgrade);
    yaml_writer_flag_pair(writer, "package_upgrade", seed->package_upgrade);
    if (!seed->package_upgrade && seed->reader == DOCUMENT_CLOUD_INIT)
        return;
    yaml_writer_list_pair(writer, "packages",
                          seed->reader == DOCUMENT_CLOUD_INIT
                              ? (const char *const[]){"python3", NULL}
                              : (const char *const[]){"python3", "sudo", NULL});
}

/* phone_home complains of each of these kinds that has no key (cc_phone_home.py). */
static void write_key_types(struct yaml_writer *writer) {
    yaml_writer_list_pair(writer, "ssh_genkeytypes",
                          (const char *const[]){"rsa", "ecdsa", "ed25519", NULL});
}

static void write_only_for_cloud_init(struct yaml_writer *writer,
                                      const struct document_seed *seed) {
    write_key_types(writer);
    if (seed->phone_home_url)
        write_phone_home(writer, seed->phone_home_url);
    if (seed->merges)
        write_merge_how(writer);
}

static void write_user_data(struct yaml_writer *writer, const struct document_seed *seed) {
    bool cloud_init = seed->reader == DOCUMENT_CLOUD_INIT;
    yaml_writer_begin_map(writer);
    if (cloud_init) {
        write_growpart(writer);
        yaml_writer_text_pair(writer, "locale", seed->locale ? seed->locale : "C.UTF-8");
    }
    yaml_writer_text_pair(writer, "timezone", seed->timezone ? seed->timezone : "Etc/UTC");
    yaml_writer_flag_pair(writer, "ssh_pwauth", seed->admin_password_hash != NULL);
    if (cloud_init)
        yaml_writer_flag_pair(writer, "disable_root", true);
    write_users(writer, seed);
    write_packages(writer, seed);
    if (cloud_init)
        write_only_for_cloud_init(writer, seed);
    yaml_writer_end_map(writer);
}

/* For nuageinit, which ignores it. Sets nothing. */
static void write_vendor_data(struct yaml_writer *writer, const struct document_seed *seed) {
    (void)seed;
    yaml_writer_begin_map(writer);
    yaml_writer_end_map(writer);
}

static void write_match(struct yaml_writer *writer, const char *mac) {
    uint8_t bytes[6] = {0};
    char lower[sizeof "52:54:00:12:34:56"];
    name_parse_mac(mac, bytes); /* checked before */
    name_format_mac(bytes, lower);
    yaml_writer_plain(writer, "match");
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "macaddress", lower);
    yaml_writer_end_map(writer);
}

static void write_address(struct yaml_writer *writer, const struct document_seed *seed) {
    yaml_writer_list_pair(writer, "addresses", (const char *const[]){seed->address, NULL});
    if (seed->nameserver) {
        yaml_writer_plain(writer, "nameservers");
        yaml_writer_begin_map(writer);
        yaml_writer_list_pair(writer, "addresses", (const char *const[]){seed->nameserver, NULL});
        yaml_writer_end_map(writer);
    }
    if (seed->gateway && seed->reader == DOCUMENT_NUAGEINIT) {
        yaml_writer_text_pair(writer, "gateway4", seed->gateway); /* nuageinit ignores routes */
    } else if (seed->gateway) {
        yaml_writer_plain(writer, "routes");
        yaml_writer_begin_list(writer);
        yaml_writer_begin_map(writer);
        yaml_writer_text_pair(writer, "to",
                              "0.0.0.0/0"); /* "default" breaks most versions before 25.3 */
        yaml_writer_text_pair(writer, "via", seed->gateway);
        yaml_writer_end_map(writer);
        yaml_writer_end_list(writer);
    }
}

/* By default it is the machine-id, which the copy of a machine has too. For netplan: cloud-init
 * itself does not know it, and NetworkManager does it by default. */
static void write_by_mac(struct yaml_writer *writer) {
    yaml_writer_text_pair(writer, "dhcp-identifier", "mac");
}

/* A boot does not wait for these cards. */
static void write_additional_nic(struct yaml_writer *writer, const struct document_nic *nic) {
    yaml_writer_plain(writer, nic->name);
    yaml_writer_begin_map(writer);
    write_match(writer, nic->mac);
    yaml_writer_flag_pair(writer, "optional", true);
    yaml_writer_flag_pair(writer, "dhcp4", nic->address == NULL);
    if (nic->address) {
        yaml_writer_list_pair(writer, "addresses", (const char *const[]){nic->address, NULL});
    } else {
        write_by_mac(writer);
        yaml_writer_plain(writer, "dhcp4-overrides");
        yaml_writer_begin_map(writer);
        yaml_writer_plain(writer, "route-metric");
        yaml_writer_plain(writer, MORE_METRIC);
        yaml_writer_end_map(writer);
    }
    yaml_writer_end_map(writer);
}

static void write_network_config(struct yaml_writer *writer, const struct document_seed *seed) {
    yaml_writer_begin_map(writer);
    yaml_writer_plain(writer, "version");
    yaml_writer_plain(writer, "2");
    yaml_writer_plain(writer, "ethernets");
    yaml_writer_begin_map(writer);
    yaml_writer_plain(writer, ETHERNET);
    yaml_writer_begin_map(writer);
    write_match(writer, seed->mac);
    yaml_writer_flag_pair(writer, "dhcp4", seed->address == NULL);
    if (seed->address)
        write_address(writer, seed);
    else if (seed->reader == DOCUMENT_CLOUD_INIT)
        write_by_mac(writer);
    yaml_writer_end_map(writer);
    for (size_t i = 0; i < seed->additional_nic_count; i++)
        write_additional_nic(writer, &seed->additional_nics[i]);
    yaml_writer_end_map(writer);
    yaml_writer_end_map(writer);
}

static bool check_instance_id(const char *id, struct error *error) {
    size_t good = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (good > 0 && good <= INSTANCE_ID_MAX && !id[good])
        return true;
    scoped(alloc_release) char *shown = name_printable(id, strlen(id), 80);
    return error_set(error, ERROR_INVALID,
                     "\"%s\" is not a valid instance id: use 1 to %u lower-case letters, digits "
                     "and '-'",
                     shown, INSTANCE_ID_MAX);
}

static bool check_mac(const char *mac, struct error *error) {
    uint8_t bytes[6];
    return name_parse_mac(mac, bytes) ||
           error_set(error, ERROR_INVALID, "a MAC address looks like 52:54:00:12:34:56");
}

static bool check_additional_nics(const struct document_seed *seed, struct error *error) {
    for (size_t i = 0; i < seed->additional_nic_count; i++)
        if (!check_mac(seed->additional_nics[i].mac, error))
            return false;
    return true;
}

/* cloud-init expands only $INSTANCE_ID; with any other "$" it posts nothing at all. */
static bool check_phone_home_url(const char *url, struct error *error) {
    for (const char *p = url ? strchr(url, '$') : NULL; p; p = strchr(p + 1, '$'))
        if (strncmp(p, INSTANCE_ID_FIELD, strlen(INSTANCE_ID_FIELD)) != 0)
            return error_set(error, ERROR_INVALID,
                             "the phone-home URL holds a \"$\" that is not " INSTANCE_ID_FIELD);
    return true;
}

static bool check_seed(const struct document_seed *seed, struct error *error) {
    if (!seed->instance_id || !seed->hostname || !seed->ssh_public_key || !seed->mac)
        return error_set(error, ERROR_INVALID,
                         "a seed needs an instance id, a hostname, an SSH public key and a MAC "
                         "address");
    return check_instance_id(seed->instance_id, error) &&
           name_check_label("hostname", seed->hostname, error) && check_mac(seed->mac, error) &&
           check_additional_nics(seed, error) && check_phone_home_url(seed->phone_home_url, error);
}

typedef void write_function(struct yaml_writer *, const struct document_seed *);

static const struct {
    const char *header; /* cloud-init recognizes a document by its first line */
    write_function *write;
} documents[SEED_DOCUMENT_COUNT] = {
    [SEED_META_DATA] = {"", write_meta_data},
    [SEED_USER_DATA] = {CLOUD_CONFIG, write_user_data},
    [SEED_VENDOR_DATA] = {CLOUD_CONFIG, write_vendor_data},
    [SEED_NETWORK_CONFIG] = {"", write_network_config},
};

bool document_write(enum seed_document document, const struct document_seed *seed,
                    struct buffer *text, struct error *error) {
    if (!check_seed(seed, error))
        return false;
    if (document == SEED_VENDOR_DATA && seed->reader == DOCUMENT_CLOUD_INIT)
        return boothook_write(&(struct boothook){seed->keep_cache, seed->report_url, seed->hosts,
                                                 seed->hosts_revision},
                              text, error);
    struct yaml_writer writer;
    yaml_writer_begin(&writer, documents[document].header);
    documents[document].write(&writer, seed);
    return yaml_writer_finish(&writer, seed_document_name(document), text, error);
}

static void write_host_key(struct yaml_writer *writer, const struct document_host_key *key) {
    scoped(alloc_release) char *private = alloc_printf("%s_private", key->type);
    scoped(alloc_release) char *public = alloc_printf("%s_public", key->type);
    if (key->private_key) {
        yaml_writer_plain(writer, private);
        yaml_writer_lines(writer, key->private_key);
    }
    yaml_writer_text_pair(writer, public, key->public_key ? key->public_key : "");
}

bool document_write_host_keys(const struct document_host_key *keys, size_t count,
                              struct buffer *text, struct error *error) {
    struct yaml_writer writer;
    yaml_writer_begin(&writer, CLOUD_CONFIG);
    yaml_writer_begin_map(&writer);
    yaml_writer_flag_pair(&writer, "ssh_deletekeys", true);
    yaml_writer_plain(&writer, "ssh_keys");
    yaml_writer_begin_map(&writer);
    for (size_t i = 0; i < count; i++)
        write_host_key(&writer, &keys[i]);
    yaml_writer_end_map(&writer);
    yaml_writer_end_map(&writer);
    return yaml_writer_finish(&writer, "the host keys", text, error);
}
