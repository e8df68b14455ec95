#include "home/cloud/cloud.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/secret.h"
#include "home/cloud/network_settings.h"
#include "home/cloud/subnet.h"
#include "home/place.h"
#include "store/forward_table.h"
#include "store/instance_table.h"
#include "store/network_table.h"
#include "store/transaction.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PHONE_HOME_PORT 10300
#define TRASH_DAYS      7

/* --- what is asked for --- */

/* "auto": the port stays until it is found taken. */
static bool set_port(const char *text, struct store_cloud *cloud, struct error *error) {
    uint64_t number = cloud->phone_home_port;
    cloud->phone_home_auto = strcmp(text, "auto") == 0;
    if (!cloud->phone_home_auto && !name_parse_number(text, 1, UINT16_MAX, &number))
        return error_set(error, ERROR_INVALID,
                         "\"%.40s\" is not a port for --ph-port: use a number from 1 to 65535, or "
                         "auto",
                         text);
    cloud->phone_home_port = (uint16_t)number;
    return true;
}

bool cloud_fill(const struct cloud_options *options, struct store_cloud *cloud,
                struct cloud_inputs *inputs, struct error *error) {
    static const char *const no_keys[] = {NULL};
    const struct cloud_changes given = {
        .admin_password = options->admin_password,
        .ssh_public_keys =
            options->ssh_public_keys || options->new_ssh_key ? options->ssh_public_keys : no_keys,
        .new_ssh_key = options->new_ssh_key,
        .ssh_private_key = options->ssh_private_key,
        .users = options->users,
        .dns = options->dns,
    };
    scoped(alloc_release) char *found = NULL;
    cloud->phone_home_port = PHONE_HOME_PORT;
    cloud->trash_days = TRASH_DAYS;
    cloud->name = alloc_string(options->name ? options->name : "pgsup");
    if (!name_check_label("cloud name", cloud->name, error) ||
        !network_settings_apply(&options->network, cloud, &found, error) ||
        (options->phone_home_port && !set_port(options->phone_home_port, cloud, error)) ||
        !cloud_inputs_read(&given, options->home_path ? options->home_path : "", inputs, error))
        return false;
    cloud_inputs_apply(inputs, cloud);
    if (options->found)
        alloc_replace(options->found, alloc_string(found));
    if (!dns_settings_apply(&inputs->dns, cloud, error))
        return false;
    secret_random(&cloud->mac_base, sizeof cloud->mac_base);
    cloud->created_ms = clock_wall_ms();
    return cloud_inputs_choose(&options->choices, cloud, error);
}

/* --- making it --- */

/* What this run made, for taking it back. */
struct traces {
    char *folder;  /* topmost folder that was not there; NULL: the home was */
    bool database; /* the database was not there */
    bool images, instances;
};

static bool make_folder(const char *path, bool *made, struct error *error) {
    if (mkdir(path, 0700) < 0) {
        *made = false;
        if (errno != EEXIST)
            return error_errno(error, "cannot create the folder %s", path);
        return file_is_directory(path) ||
               error_set(error, ERROR_WRONG_STATE,
                         "%s is not a folder: choose another home with -p", path);
    }
    *made = true;
    return chmod(path, 0700) == 0 || error_errno(error, "cannot set the mode of %s", path);
}

static bool make_folders(const char *path, struct traces *traces, struct error *error) {
    scoped(alloc_release) char *partial = alloc_string(path);
    size_t length = strlen(path);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        partial[i] = 0;
        bool made = false;
        bool good = file_is_directory(partial) || make_folder(partial, &made, error);
        if (made && !traces->folder)
            traces->folder = alloc_string(partial);
        partial[i] = path[i];
        if (!good)
            return false;
    }
    return true;
}

/* A folder of before that others can write to would let them put a database of theirs into it. */
bool cloud_check_folder(const char *path, struct error *error) {
    struct stat status;
    if (stat(path, &status) < 0)
        return error_errno(error, "cannot open the home %s", path);
    if (status.st_mode & 022)
        return error_set(
            error, ERROR_INVALID,
            "others can write to the folder %s: revoke that with `chmod go-w`, or choose "
            "another home",
            path);
    if (access(path, R_OK | W_OK | X_OK) < 0)
        return error_errno(error, "the home %s cannot be written: check its owner", path);
    return true;
}

static int lock_folder(const char *path, struct error *error) {
    scoped(alloc_release) char *real = realpath(path, NULL); /* a home may be a link */
    int fd = real ? file_lock_folder(real) : -1;
    if (fd < 0 && errno == EWOULDBLOCK)
        error_set(error, ERROR_WRONG_STATE, "another `pgsup cloud create` is running in %s", path);
    else if (fd < 0)
        error_errno(error, "cannot open the home %s", path);
    return fd;
}

/* What a new home is made of. */
struct new_home {
    const struct cloud_options *options;
    struct store_cloud cloud;
    struct cloud_inputs inputs;
};

static bool put_all(struct store *store, const char *path, const struct new_home *made,
                    struct error *error) {
    const struct cloud_options *options = made->options;
    return cloud_table_put(store, &made->cloud, error) && place_record(store, path, error) &&
           cloud_inputs_put_users(&made->inputs, store, error) &&
           (!options->follow || options->follow(store, &made->cloud, options->context, error));
}

static bool cloud_put_rows(const char *path, const struct new_home *made, struct error *error) {
    scoped(alloc_release) char *database = alloc_printf("%s/" HOME_DATABASE, path);
    struct store *store = NULL;
    if (!store_open(database, STORE_CREATE, &store, error))
        return false;
    bool good =
        store_begin(store, error) && store_end(store, put_all(store, path, made, error), error);
    store_close(store);
    return good;
}

static bool keep_keys(const char *path, const struct cloud_inputs *inputs, struct error *error) {
    const struct home home = {.path = (char *)path};
    return cloud_inputs_keep(inputs, &home, error);
}

static bool cloud_write_home(const char *path, const struct new_home *made, struct traces *traces,
                             struct error *error) {
    scoped(alloc_release) char *database = alloc_printf("%s/" HOME_DATABASE, path);
    scoped(alloc_release) char *images = alloc_printf("%s/" HOME_IMAGES, path);
    scoped(alloc_release) char *instances = alloc_printf("%s/" HOME_INSTANCES, path);
    traces->database = !file_exists(database);
    return make_folder(images, &traces->images, error) &&
           make_folder(instances, &traces->instances, error) &&
           keep_keys(path, &made->inputs, error) && cloud_put_rows(path, made, error);
}

static void remove_in(const char *path, const char *name) {
    scoped(alloc_release) char *file = alloc_printf("%s/%s", path, name);
    remove(file);
}

/* The folders of the path from the end up to the topmost one that this run made. */
static void remove_empty(const char *path, const char *topmost) {
    scoped(alloc_release) char *folder = alloc_string(path);
    for (; strlen(folder) >= strlen(topmost); *strrchr(folder, '/') = 0)
        if (rmdir(folder) < 0 && (errno == ENOTEMPTY || errno == EEXIST))
            return;
}

/* Only under the lock: without it, what is in the folder may be somebody else's by now. */
static void take_back(const char *path, const struct traces *traces) {
    if (traces->folder) {
        file_remove_tree(traces->folder, NULL);
        return;
    }
    if (traces->database) {
        cloud_inputs_take_back(&(struct home){.path = (char *)path});
        remove_in(path, HOME_DATABASE);
        remove_in(path, HOME_DATABASE "-wal");
        remove_in(path, HOME_DATABASE "-shm");
    }
    if (traces->images)
        remove_in(path, HOME_IMAGES);
    if (traces->instances)
        remove_in(path, HOME_INSTANCES);
}

/* Files are named in lists with ":" between them, and in files with a line each. */
bool cloud_check_path(const char *path, struct error *error) {
    for (const char *each = path; *each; each++) {
        if (*each != ':' && (unsigned char)*each >= 0x20 && *each != 0x7F)
            continue;
        scoped(alloc_release) char *shown = name_printable(path, strlen(path), 200);
        return error_set(error, ERROR_INVALID,
                         "the path of a home must not contain \":\" or control characters, because "
                         "Ansible does not accept them: %s",
                         shown);
    }
    return true;
}

static bool remove_users(struct store *store, char *const *names, struct error *error) {
    for (; names && *names; names++)
        if (!user_table_remove(store, *names, error))
            return false;
    return true;
}

static bool check_dns(const struct store_cloud *cloud, struct error *error) {
    return !cloud->dns_server || !subnet_is_user(cloud) ||
           error_set(error, ERROR_INVALID,
                     "the names of this cloud are in the DNS, and in the network user guests have "
                     "no addresses of their own: use --no-dns too");
}

static bool change(const struct cloud_changes *changes, struct cloud_inputs *inputs,
                   struct store_cloud *cloud, struct error *error) {
    if (changes->remove_admin_password)
        alloc_replace(&cloud->admin_password_hash, NULL);
    if (changes->phone_home_port && !set_port(changes->phone_home_port, cloud, error))
        return false;
    cloud_inputs_apply(inputs, cloud);
    return cloud_inputs_choose(&changes->choices, cloud, error) &&
           (!network_settings_are_given(&changes->network) ||
            network_settings_apply(&changes->network, cloud, changes->found, error)) &&
           dns_settings_apply(&inputs->dns, cloud, error) && check_dns(cloud, error);
}

static bool fail_port(uint16_t number, const char *what, const char *name, struct error *error) {
    return error_set(error, ERROR_EXISTS,
                     "port %u for --ph-port is %s the instance \"%s\": use another one", number,
                     what, name);
}

/* A guest that is off has its ports too. */
static bool check_port_owners(struct store *store, uint16_t number, struct error *error) {
    struct store_instances instances = {0};
    struct store_forwards forwards = {0};
    bool good = instance_table_list(store, &instances, error) &&
                forward_table_list(store, 0, &forwards, error);
    for (size_t i = 0; good && i < instances.count; i++)
        if (instances.items[i].ssh_port == number)
            good = fail_port(number, "the SSH port of", instances.items[i].name, error);
    for (size_t i = 0; good && i < forwards.count; i++)
        if (forwards.items[i].host_port == number && forwards.items[i].transport == TRANSPORT_TCP)
            good = fail_port(number, "forwarded to", forwards.items[i].name, error);
    store_instances_done(&instances);
    store_forwards_done(&forwards);
    return good;
}

static bool set_lab(struct store *store, const char *name, struct error *error) {
    struct store_network network = {0};
    bool none = !*name;
    bool good = (none || network_table_get(store, name, &network, error)) &&
                network_table_set_lab(store, none ? NULL : name, error);
    store_network_done(&network);
    return good;
}

static bool put_changes(struct home *home, const struct cloud_changes *changes,
                        struct cloud_inputs *inputs, struct error *error) {
    struct store *store = home->store;
    struct store_cloud cloud = {0};
    if (!store_begin(store, error))
        return false;
    bool good = cloud_table_get(store, &cloud, error) && change(changes, inputs, &cloud, error) &&
                (!changes->phone_home_port || cloud.phone_home_auto ||
                 check_port_owners(store, cloud.phone_home_port, error)) &&
                cloud_table_put(store, &cloud, error) &&
                (!changes->lab || set_lab(store, changes->lab, error)) &&
                remove_users(store, changes->removed_users, error) &&
                cloud_inputs_put_users(inputs, store, error) &&
                cloud_inputs_keep(inputs, home, error) &&
                (!changes->follow || changes->follow(home, &cloud, changes->context, error));
    good = store_end(store, good, error);
    store_cloud_done(&cloud);
    return good;
}

bool cloud_set(struct home *home, const struct cloud_changes *changes, struct error *error) {
    struct cloud_inputs inputs = {0};
    bool good = cloud_inputs_read(changes, home->path, &inputs, error) &&
                put_changes(home, changes, &inputs, error);
    cloud_inputs_done(&inputs);
    return good;
}

bool cloud_create(const char *home_path, const struct cloud_options *options, struct error *error) {
    struct cloud_options placed = *options;
    struct new_home made = {.options = &placed};
    struct traces traces = {0};
    scoped(file_release) int lock = -1;
    placed.home_path = home_path;
    bool good =
        cloud_check_path(home_path, error) && cloud_fill(&placed, &made.cloud, &made.inputs, error);
    if (good) {
        good = make_folders(home_path, &traces, error) && cloud_check_folder(home_path, error);
        lock = good ? lock_folder(home_path, error) : -1;
        good = good && lock >= 0 && cloud_write_home(home_path, &made, &traces, error);
        if (!good && lock >= 0)
            take_back(home_path, &traces);
        else if (!good && traces.folder)
            remove_empty(home_path, traces.folder);
    }
    alloc_release(&traces.folder);
    cloud_inputs_done(&made.inputs);
    store_cloud_done(&made.cloud);
    return good;
}

/* --- a network that was found --- */

static bool take_network(struct store *store, const char *host_ip4, const char *host_nm4,
                         enum cloud_network *result, struct error *error) {
    scoped(store_cloud_done) struct store_cloud cloud = {0};
    struct subnet subnet;
    if (!cloud_table_get(store, &cloud, error) ||
        !subnet_of_host(host_ip4, host_nm4, &subnet, error))
        return false;
    bool is_new = !cloud.host_ip4;
    bool same = !is_new && strcmp(cloud.host_ip4, host_ip4) == 0;
    *result = is_new ? CLOUD_NETWORK_TAKEN : same ? CLOUD_NETWORK_SAME : CLOUD_NETWORK_OTHER;
    if (!is_new)
        return true;
    alloc_replace(&cloud.host_ip4, alloc_string(host_ip4));
    alloc_replace(&cloud.host_nm4, alloc_string(host_nm4));
    return cloud_table_put(store, &cloud, error);
}

bool cloud_take_network(struct home *home, const char *host_ip4, const char *host_nm4,
                        enum cloud_network *result, struct error *error) {
    return store_begin(home->store, error) &&
           store_end(home->store, take_network(home->store, host_ip4, host_nm4, result, error),
                     error);
}
