#include "home/lab/lab_cloud.h"

#include "base/alloc.h"
#include "home/cloud/cloud.h"
#include "home/cloud/dns_settings.h"
#include "home/cloud/subnet.h"
#include "home/lab/lab_compare.h"
#include "home/network/home_network.h"

#include <string.h>

static const struct lab_value *value_of(const struct lab *lab, enum lab_cloud_key key) {
    return &lab->cloud->values[key];
}

static const char *value_text(const struct lab *lab, enum lab_cloud_key key) {
    return lab_text(value_of(lab, key));
}

static bool is_file(enum lab_cloud_key key) {
    return key == LAB_CLOUD_SSH_PUBLIC_KEY || key == LAB_CLOUD_SSH_PRIVATE_KEY ||
           key == LAB_CLOUD_ADMIN_PASSWORD_FILE || key == LAB_CLOUD_DNS_KEY;
}

/* Of a map of users: "NAME:KEYFILE". */
static char *word_of(const struct lab *lab, enum lab_cloud_key key, const char *item) {
    if (key == LAB_CLOUD_USERS) {
        size_t length = strcspn(item, "=");
        scoped(alloc_release) char *path = lab_path(lab, item + length + 1);
        return alloc_printf("%.*s:%s", (int)length, item, path);
    }
    return is_file(key) && *item ? lab_path(lab, item) : alloc_string(item);
}

/* --- creation --- */

static enum cloud_switch switch_of(const struct lab *lab, enum lab_cloud_key key) {
    const char *text = value_text(lab, key);
    return !text                       ? CLOUD_SWITCH_AS_IT_IS
           : strcmp(text, "true") == 0 ? CLOUD_SWITCH_ON
                                       : CLOUD_SWITCH_OFF;
}

static bool has_no_lab(const struct lab *lab) {
    return switch_of(lab, LAB_CLOUD_NO_LAB) == CLOUD_SWITCH_ON;
}

/* The file says itself how that one is to be. */
static bool names_lab(const struct lab *lab) {
    for (size_t i = 0; i < lab->network_count; i++)
        if (strcmp(lab->networks[i].name, HOME_NETWORK_LAB) == 0)
            return true;
    return false;
}

static void push_options(const struct lab *lab, enum lab_cloud_key key, struct strv *words) {
    const char *name = key == LAB_CLOUD_USERS ? "user" : lab_cloud_keys[key].name;
    const struct lab_value *value = value_of(lab, key);
    if (!value->given || key == LAB_CLOUD_SSH_USER)
        return;
    if (lab_cloud_keys[key].type == LAB_FLAG) {
        if (strcmp(lab_text(value), "true") == 0)
            strv_pushf(words, "--%s", name);
        return;
    }
    for (size_t i = 0; i < value->items.count; i++) {
        scoped(alloc_release) char *word = word_of(lab, key, value->items.items[i]);
        strv_pushf(words, "--%s=%s", name, word);
    }
}

void lab_cloud_words(const struct lab *lab, struct strv *words) {
    strv_push(words, "cloud");
    strv_push(words, "create");
    for (int i = 0; i < LAB_CLOUD_KEY_COUNT; i++)
        push_options(lab, (enum lab_cloud_key)i, words);
    if (names_lab(lab) && !has_no_lab(lab))
        strv_push(words, "--no-lab");
    if (!value_of(lab, LAB_CLOUD_ADMIN_PASSWORD_FILE)->given)
        strv_push(words, "--no-admin-password");
    if (!value_of(lab, LAB_CLOUD_SSH_PUBLIC_KEY)->items.count)
        strv_push(words, "--new-ssh-key");
}

/* --- changes --- */

struct wanted {
    struct cloud_changes changes;
    struct strv keys, users;
    char *private_key, *dns_key;
};

static void wanted_done(struct wanted *wanted) {
    strv_done(&wanted->keys);
    strv_done(&wanted->users);
    alloc_release(&wanted->private_key);
    alloc_release(&wanted->dns_key);
}

static void push_words(const struct lab *lab, enum lab_cloud_key key, struct strv *words) {
    const struct lab_value *value = value_of(lab, key);
    for (size_t i = 0; i < value->items.count; i++)
        strv_take(words, word_of(lab, key, value->items.items[i]));
}

static void wanted_fill(const struct lab *lab, struct wanted *wanted) {
    struct cloud_changes *changes = &wanted->changes;
    const char *private_key = value_text(lab, LAB_CLOUD_SSH_PRIVATE_KEY);
    const char *dns_key = value_text(lab, LAB_CLOUD_DNS_KEY);
    push_words(lab, LAB_CLOUD_SSH_PUBLIC_KEY, &wanted->keys);
    push_words(lab, LAB_CLOUD_USERS, &wanted->users);
    if (private_key)
        wanted->private_key = word_of(lab, LAB_CLOUD_SSH_PRIVATE_KEY, private_key);
    if (dns_key)
        wanted->dns_key = word_of(lab, LAB_CLOUD_DNS_KEY, dns_key);
    *changes = (struct cloud_changes){
        .ssh_public_keys =
            wanted->keys.count ? (const char *const *)(void *)wanted->keys.items : NULL,
        .ssh_private_key = wanted->private_key,
        .ssh_user = value_text(lab, LAB_CLOUD_SSH_USER),
        .users = wanted->users.items,
        .dns = {.server = value_text(lab, LAB_CLOUD_DNS_SERVER),
                .zone = value_text(lab, LAB_CLOUD_DNS_ZONE),
                .key = wanted->dns_key},
        .choices = {.package_upgrade = switch_of(lab, LAB_CLOUD_PACKAGE_UPGRADE),
                    .auto_up = switch_of(lab, LAB_CLOUD_AUTO_UP),
                    .trash_days = value_text(lab, LAB_CLOUD_TRASH_DAYS)},
    };
}

/* The network "lab", if the file does not say otherwise. */
static bool add_lab(struct store *store, const struct store_cloud *cloud, void *context,
                    struct error *error) {
    const struct lab *lab = context;
    scoped(alloc_release) char *remark = NULL;
    return has_no_lab(lab) || names_lab(lab) || !subnet_is_user(cloud) ||
           home_network_add_lab(store, &remark, error);
}

bool lab_cloud_create(const struct lab *lab, const char *path, struct error *error) {
    scoped(wanted_done) struct wanted wanted = {0};
    wanted_fill(lab, &wanted);
    const struct cloud_options options = {
        .name = value_text(lab, LAB_CLOUD_NAME),
        .ssh_public_keys = wanted.changes.ssh_public_keys,
        .ssh_private_key = wanted.private_key,
        .new_ssh_key = !wanted.keys.count,
        .users = wanted.changes.users,
        .network = {.kind = value_text(lab, LAB_CLOUD_NETWORK),
                    .interface = value_text(lab, LAB_CLOUD_HOST_IF),
                    .host_ip4 = value_text(lab, LAB_CLOUD_HOST_IP4),
                    .host_nm4 = value_text(lab, LAB_CLOUD_HOST_NM4),
                    .host_gw4 = value_text(lab, LAB_CLOUD_HOST_GW4),
                    .host_ns4 = value_text(lab, LAB_CLOUD_HOST_NS4)},
        .phone_home_port = value_text(lab, LAB_CLOUD_PH_PORT),
        .dns = wanted.changes.dns,
        .choices = wanted.changes.choices,
        .follow = add_lab,
        .context = (void *)(uintptr_t)lab,
    };
    return cloud_create(path, &options, error) || lab_fail_at(lab, lab->cloud->place, error);
}

bool lab_cloud_set(struct home *home, const struct lab *lab, struct error *error) {
    struct wanted wanted = {0};
    wanted_fill(lab, &wanted);
    bool good = cloud_set(home, &wanted.changes, error);
    wanted_done(&wanted);
    return good;
}

/* --- what differs --- */

static void tell_change(struct buffer *detail, bool differs, const char *what) {
    if (differs)
        buffer_printf(detail, "%s%s", detail->length ? ", " : "", what);
}

static bool same_setting(const char *one, const char *other) {
    one = one ? one : "";
    return strcmp(one, other ? other : "") == 0;
}

static void tell_settings(const struct store_cloud *has, const struct store_cloud *wants,
                          struct buffer *detail) {
    tell_change(detail, !same_setting(has->ssh_public_key, wants->ssh_public_key),
                "ssh-public-key");
    tell_change(detail, !same_setting(has->ssh_private_key_path, wants->ssh_private_key_path),
                "ssh-private-key");
    tell_change(detail, !same_setting(has->ssh_user, wants->ssh_user), "ssh-user");
    tell_change(detail, !same_setting(has->dns_server, wants->dns_server), "dns-server");
    tell_change(detail, !same_setting(has->dns_zone, wants->dns_zone), "dns-zone");
    tell_change(detail, !same_setting(has->dns_key_path, wants->dns_key_path), "dns-key");
    tell_change(detail, has->package_upgrade != wants->package_upgrade, "package-upgrade");
    tell_change(detail, has->auto_up != wants->auto_up, "auto-up");
    tell_change(detail, has->trash_days != wants->trash_days, "trash-days");
}

static bool has_user(const struct store_users *users, const struct store_user *wanted) {
    for (size_t i = 0; i < users->count; i++)
        if (strcmp(users->items[i].name, wanted->name) == 0)
            return strcmp(users->items[i].ssh_public_keys, wanted->ssh_public_keys) == 0;
    return false;
}

static bool compare_users(struct home *home, const struct store_users *wanted,
                          struct buffer *detail, struct error *error) {
    struct store_users users = {0};
    bool good = user_table_list(home->store, &users, error);
    for (size_t i = 0; good && i < wanted->count; i++) {
        scoped(alloc_release) char *what = alloc_printf("user %s", wanted->items[i].name);
        tell_change(detail, !has_user(&users, &wanted->items[i]), what);
    }
    store_users_done(&users);
    return good;
}

static void note_others(const struct lab *lab, const struct store_cloud *has,
                        struct buffer *notes) {
    scoped(alloc_release) char *port =
        has->phone_home_auto ? alloc_string("auto") : alloc_printf("%u", has->phone_home_port);
    const struct {
        enum lab_cloud_key key;
        const char *text;
    } fixed[] = {{LAB_CLOUD_NETWORK, has->network},
                 {LAB_CLOUD_HOST_IF, has->interface},
                 {LAB_CLOUD_HOST_IP4, has->host_ip4},
                 {LAB_CLOUD_HOST_NM4, has->host_nm4},
                 {LAB_CLOUD_HOST_GW4, has->host_gw4},
                 {LAB_CLOUD_HOST_NS4, has->host_ns4},
                 {LAB_CLOUD_PH_PORT, port}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        const char *name = lab_cloud_keys[fixed[i].key].name,
                   *wanted = value_text(lab, fixed[i].key);
        if (wanted && !same_setting(wanted, fixed[i].text))
            buffer_printf(
                notes, "%sits %s is \"%s\", not as the file says (`pgsup cloud set --%s …`)",
                notes->length ? ", " : "", name, fixed[i].text ? fixed[i].text : "", name);
    }
}

/* As cloud_set() would make it. */
static bool apply_wanted(const struct wanted *wanted, struct cloud_inputs *inputs,
                         struct store_cloud *cloud, struct error *error) {
    const char *user = wanted->changes.ssh_user;
    cloud_inputs_apply(inputs, cloud);
    if (user)
        alloc_replace(&cloud->ssh_user, *user ? alloc_string(user) : NULL);
    return dns_settings_apply(&inputs->dns, cloud, error) &&
           cloud_inputs_choose(&wanted->changes.choices, cloud, error);
}

bool lab_cloud_compare(struct home *home, const struct lab *lab, struct buffer *detail,
                       struct buffer *notes, struct error *error) {
    scoped(wanted_done) struct wanted wanted = {0};
    scoped(store_cloud_done) struct store_cloud has = {0}, wants = {0};
    struct cloud_inputs inputs = {0};
    wanted_fill(lab, &wanted);
    bool good = cloud_table_get(home->store, &has, error) &&
                cloud_table_get(home->store, &wants, error) &&
                cloud_inputs_read(&wanted.changes, home->path, &inputs, error) &&
                compare_users(home, &inputs.users, detail, error) &&
                apply_wanted(&wanted, &inputs, &wants, error);
    if (good) {
        tell_settings(&has, &wants, detail);
        note_others(lab, &has, notes);
    }
    cloud_inputs_done(&inputs);
    return good || lab_fail_at(lab, lab->cloud->place, error);
}
