#include "document.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cloudinit/document_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define CLOUD_CONFIG      "#cloud-config\n"
#define INSTANCE_ID_MAX   (DOCUMENT_TEXT_ID_SIZE - 1)
#define INSTANCE_ID_FIELD "${INSTANCE_ID}"
#define PHONE_HOME_TRIES  "20" /* 3 s apart: the supervisor may be restarted meanwhile */
#define SUDO_RULE         "ALL=(ALL) NOPASSWD:ALL"
#define ETHERNET          "primary0"
#define RUN_CONFIG        "/run/cloud-init/cloud.cfg" /* cloudinit/settings.py, RUN_CLOUD_CONFIG */
#define REPORT_TIMEOUT_S  "5"
#define REPORT_RETRIES    "0" /* whom nobody answers must not wait: three of them end a stage's */
#define MORE_METRIC       "2000" /* of a route that DHCP gives: networkd gives the first card's 1024 */

/* One document on its way through libyaml. After the first failure everything else does nothing. */
struct writer {
    yaml_emitter_t emitter;
    bool failed;
    const char *bad_value; /* a value that cannot stand in a document */
};

static int append_text(void *context, unsigned char *bytes, size_t length) {
    buffer_append(context, bytes, length);
    return 1;
}

/* initialised: what a yaml_…_event_initialize() gave */
static void emit(struct writer *writer, yaml_event_t *event, int initialised) {
    if (writer->failed) {
        if (initialised)
            yaml_event_delete(event);
        return;
    }
    writer->failed = !initialised || !yaml_emitter_emit(&writer->emitter, event);
}

static void scalar(struct writer *writer, const char *value, yaml_scalar_style_t style) {
    yaml_event_t event;
    int done = yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)value,
                                            (int)strlen(value), 1, 1, style);
    emit(writer, &event, done);
}

/* For keys, numbers and booleans of our own. */
static void plain(struct writer *writer, const char *value) {
    scalar(writer, value, YAML_PLAIN_SCALAR_STYLE);
}

static void text_value(struct writer *writer, const char *value) {
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F) {
            writer->failed = true;
            writer->bad_value = value;
        }
    scalar(writer, value,
           document_text_is_plain(value) ? YAML_PLAIN_SCALAR_STYLE
                                         : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static void begin_map(struct writer *writer) {
    yaml_event_t event;
    int done = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
    emit(writer, &event, done);
}

static void end_map(struct writer *writer) {
    yaml_event_t event;
    emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

static void begin_list(struct writer *writer) {
    yaml_event_t event;
    int done =
        yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    emit(writer, &event, done);
}

static void end_list(struct writer *writer) {
    yaml_event_t event;
    emit(writer, &event, yaml_sequence_end_event_initialize(&event));
}

static void begin_document(struct writer *writer, struct buffer *into) {
    yaml_event_t event;
    if (!yaml_emitter_initialize(&writer->emitter)) {
        writer->failed = true;
        return;
    }
    yaml_emitter_set_output(&writer->emitter, append_text, into);
    yaml_emitter_set_unicode(&writer->emitter, 1);
    yaml_emitter_set_width(&writer->emitter, -1); /* a key or hash stays on its line */
    emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
}

static void end_document(struct writer *writer) {
    yaml_event_t event;
    emit(writer, &event, yaml_document_end_event_initialize(&event, 1));
    emit(writer, &event, yaml_stream_end_event_initialize(&event));
}

static void text_pair(struct writer *writer, const char *key, const char *value) {
    plain(writer, key);
    text_value(writer, value);
}

static void flag_pair(struct writer *writer, const char *key, bool value) {
    plain(writer, key);
    plain(writer, value ? "true" : "false");
}

/* values: NULL-terminated */
static void list_pair(struct writer *writer, const char *key, const char *const *values) {
    plain(writer, key);
    begin_list(writer);
    for (; *values; values++)
        text_value(writer, *values);
    end_list(writer);
}

/* lines: one value each */
static void lines_pair(struct writer *writer, const char *key, const char *lines) {
    plain(writer, key);
    begin_list(writer);
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        scoped(alloc_release) char *line = alloc_slice(lines, length);
        text_value(writer, line);
        lines += length + (lines[length] == '\n');
    }
    end_list(writer);
}

static void write_meta_data(struct writer *writer, const struct document_seed *seed) {
    begin_map(writer);
    text_pair(writer, "instance-id", seed->instance_id);
    text_pair(writer, "local-hostname", seed->hostname);
    end_map(writer);
}

/* groups: that every image of cloud-init has, which would create others; nuageinit makes no user
 * that is to be in one that is not there, so there it is in none. */
static void begin_user(struct writer *writer, const struct document_seed *seed, const char *name,
                       const char *gecos, const char *const *groups) {
    begin_map(writer);
    text_pair(writer, "name", name);
    text_pair(writer, "gecos", gecos);
    if (seed->reader == DOCUMENT_CLOUD_INIT)
        list_pair(writer, "groups", groups);
    text_pair(writer, "sudo", SUDO_RULE); /* one string: a list is invalid in 22.4.2 */
    text_pair(writer, "shell", seed->shell ? seed->shell : "/bin/bash");
}

/* By key only. To nuageinit, whose users have no password that they are not given, a locked one
 * could not come in at all. */
static void write_key_user(struct writer *writer, const struct document_seed *seed,
                           const struct document_user *user, const char *gecos,
                           const char *const *groups) {
    begin_user(writer, seed, user->name, gecos, groups);
    if (seed->reader == DOCUMENT_CLOUD_INIT)
        flag_pair(writer, "lock_passwd", true);
    lines_pair(writer, "ssh_authorized_keys", user->ssh_public_keys);
    end_map(writer);
}

static void write_admin(struct writer *writer, const struct document_seed *seed) {
    static const char *const groups[] = {"users", "adm", NULL};
    static const char name[] = "cloudadmin", gecos[] = "Cloud Admin User";
    if (!seed->admin_password_hash) {
        const struct document_user user = {name, seed->ssh_public_key};
        write_key_user(writer, seed, &user, gecos, groups);
        return;
    }
    begin_user(writer, seed, name, gecos, groups);
    if (seed->reader == DOCUMENT_CLOUD_INIT)
        flag_pair(writer, "lock_passwd", false);
    text_pair(writer, seed->reader == DOCUMENT_CLOUD_INIT ? "hashed_passwd" : "passwd",
              seed->admin_password_hash);
    end_map(writer);
}

static void write_users(struct writer *writer, const struct document_seed *seed) {
    static const char *const groups[] = {"users", NULL};
    const struct document_user ansible = {"ansible", seed->ssh_public_key};
    plain(writer, "users");
    begin_list(writer);
    write_admin(writer, seed);
    write_key_user(writer, seed, &ansible, "Ansible Automation User", groups);
    for (size_t i = 0; i < seed->user_count; i++)
        write_key_user(writer, seed, &seed->users[i], seed->users[i].name, groups);
    end_list(writer);
}

static void write_phone_home(struct writer *writer, const char *url) {
    plain(writer, "phone_home");
    begin_map(writer);
    text_pair(writer, "url", url);
    list_pair(writer, "post",
              (const char *const[]){"pub_key_rsa", "pub_key_ecdsa", "pub_key_ed25519",
                                    "instance_id", "hostname", "fqdn", NULL});
    plain(writer, "tries");
    plain(writer, PHONE_HOME_TRIES);
    end_map(writer);
}

static void write_reporting(struct writer *writer, const char *url) {
    begin_map(writer);
    plain(writer, "reporting");
    begin_map(writer);
    plain(writer, "pgsup");
    begin_map(writer);
    text_pair(writer, "type", "webhook");
    text_pair(writer, "endpoint", url);
    plain(writer, "timeout");
    plain(writer, REPORT_TIMEOUT_S);
    plain(writer, "retries");
    plain(writer, REPORT_RETRIES);
    end_map(writer);
    end_map(writer);
    end_map(writer);
}

static void write_report_file(struct writer *writer, const char *url) {
    scoped(buffer_done) struct buffer content = {0};
    struct writer inner = {.failed = false};
    begin_document(&inner, &content);
    write_reporting(&inner, url);
    end_document(&inner);
    writer->failed = writer->failed || inner.failed;
    writer->bad_value = inner.bad_value ? inner.bad_value : writer->bad_value;
    yaml_emitter_delete(&inner.emitter);
    plain(writer, "write_files");
    begin_list(writer);
    begin_map(writer);
    text_pair(writer, "path", RUN_CONFIG);
    flag_pair(writer, "append", true); /* to what ds-identify wrote */
    plain(writer, "content");
    scalar(writer, content.data ? content.data : "", YAML_LITERAL_SCALAR_STYLE);
    end_map(writer);
    end_list(writer);
}

static void write_growpart(struct writer *writer) {
    plain(writer, "growpart");
    begin_map(writer);
    text_pair(writer, "mode", "auto");
    list_pair(writer, "devices", (const char *const[]){"/", NULL});
    flag_pair(writer, "ignore_growroot_disabled", false);
    end_map(writer);
}

static void write_merger(struct writer *writer, const char *name, const char *const *settings) {
    begin_map(writer);
    text_pair(writer, "name", name);
    list_pair(writer, "settings", settings);
    end_map(writer);
}

/* Lists become longer; of a value that is there already the first one stays. */
static void write_merge_how(struct writer *writer) {
    plain(writer, "merge_how");
    begin_list(writer);
    write_merger(writer, "list", (const char *const[]){"append", NULL});
    write_merger(writer, "dict", (const char *const[]){"no_replace", "recurse_list", NULL});
    end_list(writer);
}

/* For Ansible; asking for them needs the network, as upgrading does. FreeBSD has no sudo. */
static void write_packages(struct writer *writer, const struct document_seed *seed) {
    flag_pair(writer, "package_update", seed->package_upgrade);
    flag_pair(writer, "package_upgrade", seed->package_upgrade);
    if (!seed->package_upgrade)
        return;
    list_pair(writer, "packages",
              seed->reader == DOCUMENT_CLOUD_INIT ? (const char *const[]){"python3", NULL}
                                                  : (const char *const[]){"python3", "sudo", NULL});
}

static void write_only_for_cloud_init(struct writer *writer, const struct document_seed *seed) {
    if (seed->phone_home_url)
        write_phone_home(writer, seed->phone_home_url);
    if (seed->report_url)
        write_report_file(writer, seed->report_url);
    if (seed->keep_cache)
        flag_pair(writer, "manual_cache_clean", true);
    if (seed->merges)
        write_merge_how(writer);
}

static void write_user_data(struct writer *writer, const struct document_seed *seed) {
    bool cloud_init = seed->reader == DOCUMENT_CLOUD_INIT;
    begin_map(writer);
    if (cloud_init) {
        write_growpart(writer);
        text_pair(writer, "locale", seed->locale ? seed->locale : "C.UTF-8");
    }
    text_pair(writer, "timezone", seed->timezone ? seed->timezone : "Etc/UTC");
    flag_pair(writer, "ssh_pwauth", seed->admin_password_hash != NULL);
    if (cloud_init)
        flag_pair(writer, "disable_root", true);
    write_users(writer, seed);
    write_packages(writer, seed);
    if (cloud_init)
        write_only_for_cloud_init(writer, seed);
    end_map(writer);
}

/* Nothing is set here; a mapping with no keys is what every version reads without a word. */
static void write_vendor_data(struct writer *writer, const struct document_seed *seed) {
    (void)seed;
    begin_map(writer);
    end_map(writer);
}

static void write_match(struct writer *writer, const char *mac) {
    char lower[sizeof "52:54:00:12:34:56"];
    size_t i = 0;
    for (; mac[i] && i < sizeof lower - 1; i++)
        lower[i] = (char)tolower((unsigned char)mac[i]);
    lower[i] = 0;
    plain(writer, "match");
    begin_map(writer);
    text_pair(writer, "macaddress", lower);
    end_map(writer);
}

static void write_address(struct writer *writer, const struct document_seed *seed) {
    list_pair(writer, "addresses", (const char *const[]){seed->address, NULL});
    if (seed->nameserver) {
        plain(writer, "nameservers");
        begin_map(writer);
        list_pair(writer, "addresses", (const char *const[]){seed->nameserver, NULL});
        end_map(writer);
    }
    if (seed->gateway && seed->reader == DOCUMENT_NUAGEINIT) {
        text_pair(writer, "gateway4", seed->gateway); /* it does not look at routes */
    } else if (seed->gateway) {
        plain(writer, "routes");
        begin_list(writer);
        begin_map(writer);
        text_pair(writer, "to", "0.0.0.0/0"); /* "default" breaks most versions before 25.3 */
        text_pair(writer, "via", seed->gateway);
        end_map(writer);
        end_list(writer);
    }
}

/* A boot does not wait for these. */
static void write_more_nic(struct writer *writer, const struct document_nic *nic) {
    plain(writer, nic->name);
    begin_map(writer);
    write_match(writer, nic->mac);
    flag_pair(writer, "optional", true);
    flag_pair(writer, "dhcp4", nic->address == NULL);
    if (nic->address) {
        list_pair(writer, "addresses", (const char *const[]){nic->address, NULL});
    } else {
        plain(writer, "dhcp4-overrides");
        begin_map(writer);
        plain(writer, "route-metric");
        plain(writer, MORE_METRIC);
        end_map(writer);
    }
    end_map(writer);
}

static void write_network_config(struct writer *writer, const struct document_seed *seed) {
    begin_map(writer);
    plain(writer, "version");
    plain(writer, "2");
    plain(writer, "ethernets");
    begin_map(writer);
    plain(writer, ETHERNET);
    begin_map(writer);
    write_match(writer, seed->mac);
    flag_pair(writer, "dhcp4", seed->address == NULL);
    if (seed->address)
        write_address(writer, seed);
    end_map(writer);
    for (size_t i = 0; i < seed->more_nic_count; i++)
        write_more_nic(writer, &seed->more_nics[i]);
    end_map(writer);
    end_map(writer);
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
    size_t length = strlen(mac);
    bool good = length == strlen("52:54:00:12:34:56");
    for (size_t i = 0; good && i < length; i++)
        good = i % 3 == 2 ? mac[i] == ':' : isxdigit((unsigned char)mac[i]) != 0;
    return good || error_set(error, ERROR_INVALID, "a MAC address looks like 52:54:00:12:34:56");
}

static bool check_more_nics(const struct document_seed *seed, struct error *error) {
    for (size_t i = 0; i < seed->more_nic_count; i++)
        if (!check_mac(seed->more_nics[i].mac, error))
            return false;
    return true;
}

/* cloud-init expands $INSTANCE_ID alone; at any other "$" it posts nothing at all. */
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
           check_more_nics(seed, error) && check_phone_home_url(seed->phone_home_url, error);
}

typedef void write_function(struct writer *, const struct document_seed *);

static const struct {
    const char *header; /* cloud-init knows the kind of a document by its first line */
    write_function *write;
} documents[SEED_DOCUMENT_COUNT] = {
    [SEED_META_DATA] = {"", write_meta_data},
    [SEED_USER_DATA] = {CLOUD_CONFIG, write_user_data},
    [SEED_VENDOR_DATA] = {CLOUD_CONFIG, write_vendor_data},
    [SEED_NETWORK_CONFIG] = {"", write_network_config},
};

/* What the writer wrote goes to text, or its problem into the error. what: for the sentence. */
static bool finish(struct writer *writer, const char *what, const struct buffer *written,
                   struct buffer *text, struct error *error) {
    if (writer->failed) {
        const char *problem = writer->emitter.problem;
        error_set(error, ERROR_INVALID, "cannot write %s: %s", what,
                  writer->bad_value ? "a value holds a control character"
                  : problem         ? problem
                                    : "a value is not UTF-8");
    } else {
        buffer_append(text, written->data, written->length);
    }
    yaml_emitter_delete(&writer->emitter);
    return !writer->failed;
}

bool document_write(enum seed_document document, const struct document_seed *seed,
                    struct buffer *text, struct error *error) {
    if (!check_seed(seed, error))
        return false;
    scoped(buffer_done) struct buffer written = {0};
    struct writer writer = {.failed = false};
    buffer_puts(&written, documents[document].header);
    begin_document(&writer, &written);
    documents[document].write(&writer, seed);
    end_document(&writer);
    return finish(&writer, seed_document_name(document), &written, text, error);
}

static void write_host_key(struct writer *writer, const struct document_host_key *key) {
    scoped(alloc_release) char *private = alloc_printf("%s_private", key->type);
    scoped(alloc_release) char *public = alloc_printf("%s_public", key->type);
    plain(writer, private);
    scalar(writer, key->private_key, YAML_LITERAL_SCALAR_STYLE);
    text_pair(writer, public, key->public_key);
}

bool document_write_host_keys(const struct document_host_key *keys, size_t count,
                              struct buffer *text, struct error *error) {
    scoped(buffer_done) struct buffer written = {0};
    struct writer writer = {.failed = false};
    buffer_puts(&written, CLOUD_CONFIG);
    begin_document(&writer, &written);
    begin_map(&writer);
    flag_pair(&writer, "ssh_deletekeys", true);
    plain(&writer, "ssh_keys");
    begin_map(&writer);
    for (size_t i = 0; i < count; i++)
        write_host_key(&writer, &keys[i]);
    end_map(&writer);
    end_map(&writer);
    end_document(&writer);
    return finish(&writer, "the host keys", &written, text, error);
}
