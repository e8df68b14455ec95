#include "home/access/ssh_config.h"

#include "base/alloc.h"
#include "base/platform.h"
#include "home/access/endpoint.h"
#include "home/access/ssh_identity.h"
#include "home/access/ssh_option.h"
#include "home/derived.h"
#include "home/layout.h"

#include <stdlib.h>

static const char heading[] =
    "# Written by pgsup: how ssh reaches its guests, by the names of their instances.\n";

/* macOS keeps the passwords of keys in its keychain; other ssh than Apple's do not know that word.
 * Only there, because the first list of words to ignore counts, and a person may have his own. */
static const char heading_of_macos[] = "IgnoreUnknown UseKeychain\n";

const char *ssh_config_user(const struct store_cloud *cloud) {
    return cloud->ssh_user ? cloud->ssh_user : SSH_CONFIG_USER;
}

static void add_settings(const struct home *home, const struct store_instance *instance,
                         const struct strv *files, struct strv *settings) {
    scoped(alloc_release) char *known_hosts = layout_file(home, instance->name, LAYOUT_KNOWN_HOSTS);
    strv_take(settings, ssh_option_path("UserKnownHostsFile", known_hosts));
    strv_push(settings, "GlobalKnownHostsFile=/dev/null");
    strv_push(settings, "StrictHostKeyChecking=yes");
    strv_pushf(settings, "HostKeyAlias=%s", instance->instance_id);
    strv_push(settings, "IdentitiesOnly=yes");
    for (size_t i = 0; i < files->count; i++)
        strv_take(settings, ssh_option_path("IdentityFile", files->items[i]));
}

bool ssh_config_settings(struct home *home, const struct store_cloud *cloud,
                         const struct store_instance *instance, struct strv *settings,
                         struct error *error) {
    scoped(strv_done) struct strv files = {0};
    if (!ssh_identity_files(home, cloud, &files, error))
        return false;
    add_settings(home, instance, &files, settings);
    return true;
}

/* What a person wrote for all hosts, below an Include of this file, does not count. "+" is ssh's
 * own list, whatever its version has in it. */
static const char *const others[] = {
    "PubkeyAuthentication=yes",
    "CanonicalizeHostname=no",
    "ProxyJump=none",
    "ProxyCommand=none",
    "RemoteCommand=none",
    "RequestTTY=auto",
    "AddressFamily=any",
    "BindAddress=0.0.0.0",
    "HostKeyAlgorithms=+ssh-ed25519",
    "PubkeyAcceptedKeyTypes=+ssh-ed25519",
    "PreferredAuthentications=publickey,keyboard-interactive,password",
    "KexAlgorithms=+curve25519-sha256",
    "Ciphers=+aes256-ctr",
    "MACs=+hmac-sha2-256",
    "RevokedHostKeys=none",
    "ExitOnForwardFailure=no",
    "Tunnel=no",
};

static void write_setting(struct buffer *text, const char *setting) {
    buffer_puts(text, "    ");
    buffer_puts(text, setting);
    buffer_putc(text, '\n');
}

/* What is the same for all instances. */
struct common {
    struct store_cloud cloud;
    struct strv files; /* of the identity; none: not asked yet */
    struct buffer others;
};

static void common_done(struct common *common) {
    store_cloud_done(&common->cloud);
    strv_done(&common->files);
    buffer_done(&common->others);
}

static bool common_load(struct home *home, struct common *common, struct error *error) {
    struct buffer *text = &common->others;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        write_setting(text, others[i]);
    if (platform_is_macos())
        write_setting(text, "UseKeychain=yes");
    return cloud_table_get(home->store, &common->cloud, error);
}

static bool add_instance(struct home *home, struct common *common,
                         const struct store_instance *instance, struct buffer *text,
                         struct error *error) {
    struct endpoint endpoint = {0};
    scoped(strv_done) struct strv settings = {0};
    if (!endpoint_find(home, instance, &endpoint, error))
        return false;
    if (!endpoint.address[0])
        return true;
    strv_pushf(&settings, "HostName=%s", endpoint.address);
    strv_pushf(&settings, "Port=%u", endpoint.port);
    strv_pushf(&settings, "User=%s", ssh_config_user(&common->cloud));
    if (!common->files.count && !ssh_identity_files(home, &common->cloud, &common->files, error))
        return false;
    add_settings(home, instance, &common->files, &settings);
    buffer_printf(text, "\nHost %s\n", instance->name);
    for (size_t i = 0; i < settings.count; i++)
        write_setting(text, settings.items[i]);
    buffer_append(text, common->others.data, common->others.length);
    return true;
}

static bool render_one(struct home *home, const char *name, struct buffer *text,
                       struct error *error) {
    struct store_instance instance = {0};
    struct common common = {0};
    bool good = common_load(home, &common, error) &&
                instance_table_get(home->store, name, &instance, error) &&
                add_instance(home, &common, &instance, text, error);
    if (good && text->length == 0)
        good = error_set(error, ERROR_WRONG_STATE,
                         "the address of %s is not known yet: `pgsup ip %s --wait` waits for it",
                         name, name);
    store_instance_done(&instance);
    common_done(&common);
    return good;
}

static bool render_all(struct home *home, struct buffer *text, struct error *error) {
    struct store_instances instances = {0};
    struct common common = {0};
    bool good =
        common_load(home, &common, error) && instance_table_list(home->store, &instances, error);
    buffer_puts(text, heading);
    if (platform_is_macos())
        buffer_puts(text, heading_of_macos);
    for (size_t i = 0; good && i < instances.count; i++)
        good = add_instance(home, &common, &instances.items[i], text, error);
    store_instances_done(&instances);
    common_done(&common);
    return good;
}

bool ssh_config_text(struct home *home, const char *name, struct buffer *text,
                     struct error *error) {
    return name ? render_one(home, name, text, error) : render_all(home, text, error);
}

bool ssh_config_write(struct home *home, struct error *error) {
    return derived_write(home, SSH_CONFIG, render_all, error);
}
