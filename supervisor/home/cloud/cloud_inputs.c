#include "home/cloud/cloud_inputs.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/given_file.h"
#include "base/name.h"
#include "base/secret.h"
#include "cloudinit/password.h"
#include "home/cloud/new_key.h"
#include "home/cloud/user.h"

#include <stdio.h>
#include <string.h>

#define TRASH_DAYS_MAX          3650u
#define PRIVATE_KEY_LIMIT_BYTES 65536u
#define PRIVATE_KEY_FOLDER      "ssh-keys"
#define DNS_KEY_FOLDER          "dns"
#define PRIVATE_KEY_FILE        PRIVATE_KEY_FOLDER "/private"
#define DNS_KEY_FILE            DNS_KEY_FOLDER "/key"

static void wipe(struct buffer *text) {
    if (text->data)
        secret_wipe(text->data, text->length);
    buffer_done(text);
}

void cloud_inputs_done(struct cloud_inputs *inputs) {
    store_cloud_done(&inputs->cloud);
    store_users_done(&inputs->users);
    wipe(&inputs->private_key);
    wipe(&inputs->dns_key);
    alloc_release(&inputs->dns_key_path);
    *inputs = (struct cloud_inputs){0};
}

static bool read_public_keys(const char *const *paths, struct store_cloud *cloud,
                             struct error *error) {
    if (!paths[0])
        return error_set(error, ERROR_USAGE,
                         "--ssh-public-key is missing: name the .pub file of the key that the user "
                         "'ansible' accepts");
    cloud->ssh_public_key = user_read_keys(paths, error);
    cloud->ssh_public_key_path =
        given_file_is_lasting(paths[0]) ? file_absolute(paths[0]) : alloc_string("");
    return cloud->ssh_public_key != NULL;
}

static bool read_password(const char *password, struct store_cloud *cloud, struct error *error) {
    cloud->admin_password_hash = password_hash(password, error);
    return cloud->admin_password_hash || error_prefix(error, "the admin password");
}

static bool read_ssh_user(const char *name, struct store_cloud *cloud, struct error *error) {
    if (*name && !user_check_login(name, error))
        return false;
    cloud->ssh_user = alloc_string(name);
    return true;
}

static bool read_users(char *const *texts, struct store_users *users, struct error *error) {
    for (; texts && *texts; texts++) {
        users->items = alloc_resize(users->items, (users->count + 1) * sizeof *users->items);
        users->items[users->count++] = (struct store_user){0};
        if (!user_parse(*texts, &users->items[users->count - 1], error))
            return false;
    }
    return true;
}

/* What ssh would not take, so that it is told here and not by every guest. */
static bool check_private_key(const char *path, const struct buffer *text, mode_t mode,
                              struct error *error) {
    const char *shown = given_file_shown(path);
    if (!strstr(text->data, "PRIVATE KEY-----"))
        return error_set(error, ERROR_INVALID,
                         "%s is not an SSH private key: give the file without .pub", shown);
    return !given_file_is_lasting(path) || !(mode & 077) ||
           error_set(error, ERROR_INVALID,
                     "others can read the SSH private key %s, so ssh would not use it: `chmod "
                     "600 %s`",
                     shown, shown);
}

static bool read_private_key(const char *path, const char *home_path, struct cloud_inputs *inputs,
                             struct error *error) {
    const struct given_file file = {"SSH private key", path, PRIVATE_KEY_LIMIT_BYTES,
                                    given_file_is_lasting(path) ? GIVEN_FILE_REFUSE
                                                                : GIVEN_FILE_STRIP};
    char **kept = &inputs->cloud.ssh_private_key_path;
    mode_t mode;
    if (!*path) {
        *kept = alloc_string("");
        return true;
    }
    if (!given_file_read(&file, &inputs->private_key, &mode, error) ||
        !check_private_key(path, &inputs->private_key, mode, error))
        return false;
    bool lasting = given_file_is_lasting(path);
    *kept = lasting ? file_absolute(path) : alloc_printf("%s/" PRIVATE_KEY_FILE, home_path);
    if (lasting)
        wipe(&inputs->private_key);
    return true;
}

static bool make_key(const char *home_path, struct cloud_inputs *inputs, struct error *error) {
    scoped(buffer_done) struct buffer line = {0};
    struct store_cloud *cloud = &inputs->cloud;
    if (!new_key_make(&inputs->private_key, &line, error))
        return false;
    cloud->ssh_public_key = alloc_slice(line.data, strcspn(line.data, "\n"));
    cloud->ssh_public_key_path = alloc_string("");
    cloud->ssh_private_key_path = alloc_printf("%s/" PRIVATE_KEY_FILE, home_path);
    return true;
}

static bool read_keys(const struct cloud_changes *given, const char *home_path,
                      struct cloud_inputs *inputs, struct error *error) {
    bool named = given->ssh_public_keys || given->ssh_private_key;
    if (given->new_ssh_key && named)
        return error_set(error, ERROR_USAGE,
                         "--new-ssh-key excludes --ssh-public-key and --ssh-private-key");
    if (given->new_ssh_key)
        return make_key(home_path, inputs, error);
    return (!given->ssh_public_keys ||
            read_public_keys(given->ssh_public_keys, &inputs->cloud, error)) &&
           (!given->ssh_private_key ||
            read_private_key(given->ssh_private_key, home_path, inputs, error));
}

/* A file that lasts is read when the settings are applied. */
static bool read_dns_key(const struct dns_settings *given, const char *home_path,
                         struct cloud_inputs *inputs, struct error *error) {
    inputs->dns = *given;
    if (!given->key || !*given->key || given_file_is_lasting(given->key))
        return true;
    if (!dns_settings_read_key(given->key, &inputs->dns_key, NULL, error))
        return false;
    inputs->dns_key_path = alloc_printf("%s/" DNS_KEY_FILE, home_path);
    inputs->dns.key = inputs->dns_key_path;
    inputs->dns.key_text = &inputs->dns_key;
    return true;
}

bool cloud_inputs_read(const struct cloud_changes *given, const char *home_path,
                       struct cloud_inputs *inputs, struct error *error) {
    struct store_cloud *cloud = &inputs->cloud;
    return read_keys(given, home_path, inputs, error) &&
           (!given->ssh_user || read_ssh_user(given->ssh_user, cloud, error)) &&
           (!given->admin_password || read_password(given->admin_password, cloud, error)) &&
           read_dns_key(&given->dns, home_path, inputs, error) &&
           read_users(given->users, &inputs->users, error);
}

/* "": there is none from now on. */
static void move(char **from, char **to) {
    if (!*from)
        return;
    alloc_replace(to, **from ? *from : NULL);
    if (!**from)
        alloc_release(from);
    *from = NULL;
}

void cloud_inputs_apply(struct cloud_inputs *inputs, struct store_cloud *cloud) {
    struct store_cloud *from = &inputs->cloud;
    move(&from->admin_password_hash, &cloud->admin_password_hash);
    move(&from->ssh_public_key, &cloud->ssh_public_key);
    move(&from->ssh_public_key_path, &cloud->ssh_public_key_path);
    move(&from->ssh_private_key_path, &cloud->ssh_private_key_path);
    move(&from->ssh_user, &cloud->ssh_user);
}

static void turn(bool *setting, enum cloud_switch wanted) {
    if (wanted != CLOUD_SWITCH_AS_IT_IS)
        *setting = wanted == CLOUD_SWITCH_ON;
}

bool cloud_inputs_choose(const struct cloud_choices *choices, struct store_cloud *cloud,
                         struct error *error) {
    turn(&cloud->package_upgrade, choices->package_upgrade);
    turn(&cloud->auto_up, choices->auto_up);
    return !choices->trash_days ||
           name_parse_number(choices->trash_days, 0, TRASH_DAYS_MAX, &cloud->trash_days) ||
           error_set(error, ERROR_INVALID,
                     "\"%.40s\" is not a number of days for --trash-days: use one from 0 to %u",
                     choices->trash_days, TRASH_DAYS_MAX);
}

bool cloud_inputs_put_users(const struct cloud_inputs *inputs, struct store *store,
                            struct error *error) {
    struct store_users all = {0};
    for (size_t i = 0; i < inputs->users.count; i++)
        if (!user_table_put(store, &inputs->users.items[i], error))
            return false;
    bool good = user_table_list(store, &all, error);
    if (good && all.count > USER_COUNT_MAX)
        good = error_set(error, ERROR_INVALID, "a cloud has at most %u users", USER_COUNT_MAX);
    store_users_done(&all);
    return good;
}

static bool keep_key(const struct home *home, const char *folder_name, const char *file_name,
                     const struct buffer *text, struct error *error) {
    scoped(alloc_release) char *folder = home_file(home, folder_name);
    scoped(alloc_release) char *path = home_file(home, file_name);
    return text->length == 0 || (home_make_folder(home, folder, error) &&
                                 file_write(path, text->data, text->length, 0600, error));
}

void cloud_inputs_take_back(const struct home *home) {
    static const char *const made[] = {PRIVATE_KEY_FILE, PRIVATE_KEY_FOLDER, DNS_KEY_FILE,
                                       DNS_KEY_FOLDER};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        scoped(alloc_release) char *path = home_file(home, made[i]);
        remove(path); /* a folder only if it is empty */
    }
}

bool cloud_inputs_keep(const struct cloud_inputs *inputs, const struct home *home,
                       struct error *error) {
    return keep_key(home, PRIVATE_KEY_FOLDER, PRIVATE_KEY_FILE, &inputs->private_key, error) &&
           keep_key(home, DNS_KEY_FOLDER, DNS_KEY_FILE, &inputs->dns_key, error);
}
