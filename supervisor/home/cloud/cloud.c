#include "home/cloud/cloud.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/secret.h"
#include "home/cloud/subnet.h"
#include "home/place.h"
#include "host/network.h"
#include "machine/core/spec.h"
#include "store/forward_table.h"
#include "store/instance_table.h"
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

static bool choose_network(const struct cloud_options *options, enum spec_network *network,
                           struct error *error) {
    if (options->network)
        return network_kind_check(options->network, network, error);
    *network = options->interface ? network_bridged() : SPEC_NET_USER;
    return true;
}

struct host_option {
    const char *name, *value;
};

/* Options that mean nothing with this network are a mistake of whoever gave them. */
static bool refuse_given(const struct host_option *options, size_t count, const char *network,
                         struct error *error) {
    for (size_t i = 0; i < count; i++)
        if (options[i].value)
            return error_set(
                error, ERROR_INVALID,
                "%s cannot be used with the network %s: omit it, or use --network %s%s",
                options[i].name, network, spec_network_word(network_bridged()),
                strcmp(options[i].name, "--host-if") == 0 ? "" : " and --host-if");
    return true;
}

static bool require_given(const struct host_option *options, size_t count, const char *network,
                          struct error *error) {
    for (size_t i = 0; i < count; i++)
        if (!options[i].value)
            return error_set(error, ERROR_INVALID, "the network %s requires %s", network,
                             options[i].name);
    return true;
}

static bool check_addresses(const struct cloud_options *options, struct error *error) {
    struct subnet subnet;
    if (!options->host_ip4 != !options->host_nm4)
        return error_set(error, ERROR_INVALID, "--host-ip4 and --host-nm4 must be given together");
    if (!options->host_ip4)
        return !options->host_gw4 ||
               error_set(error, ERROR_INVALID, "--host-gw4 requires --host-ip4 and --host-nm4");
    return subnet_of_host(options->host_ip4, options->host_nm4, &subnet, error) &&
           (!options->host_gw4 ||
            (subnet_check_machine("--host-gw4", options->host_gw4, error) &&
             subnet_check_member(&subnet, "--host-gw4", options->host_gw4, error))) &&
           (!options->host_ns4 || subnet_check_machine("--host-ns4", options->host_ns4, error));
}

static bool check_network(const struct cloud_options *options, enum spec_network network,
                          struct error *error) {
    const struct host_option given[] = {
        {"--host-if", options->interface}, {"--host-ip4", options->host_ip4},
        {"--host-nm4", options->host_nm4}, {"--host-gw4", options->host_gw4},
        {"--host-ns4", options->host_ns4},
    };
    const size_t count = sizeof given / sizeof *given;
    const char *word = spec_network_word(network);
    const struct spec_network_traits *traits = spec_network_traits(network);
    if (!traits->own_addresses)
        return refuse_given(given, count, word, error);
    if ((traits->attachment == SPEC_ATTACH_NOTHING ||
         traits->attachment == SPEC_ATTACH_HELPER_ONLY) &&
        !refuse_given(given, 1, word, error))
        return false;
    if (traits->attachment == SPEC_ATTACH_INTERFACE && !require_given(given, 3, word, error))
        return false;
    return network_interface_check(network, "--host-if", options->interface, error) &&
           network_check_not_loopback("--host-if", options->interface, error) &&
           check_addresses(options, error);
}

static void copy_network(const struct cloud_options *options, enum spec_network network,
                         struct store_cloud *cloud) {
    cloud->network = alloc_string(spec_network_word(network));
    cloud->interface =
        alloc_string(options->interface ? options->interface : network_default_interface(network));
    cloud->host_ip4 = alloc_string(options->host_ip4);
    cloud->host_nm4 = alloc_string(options->host_nm4);
    cloud->host_gw4 = alloc_string(options->host_gw4);
    cloud->host_ns4 = alloc_string(options->host_ns4);
}

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
        .ssh_public_keys = options->ssh_public_keys ? options->ssh_public_keys : no_keys,
        .ssh_private_key = options->ssh_private_key,
        .users = options->users,
        .dns = options->dns,
    };
    enum spec_network network;
    cloud->phone_home_port = PHONE_HOME_PORT;
    cloud->trash_days = TRASH_DAYS;
    cloud->name = alloc_string(options->name ? options->name : "pgsup");
    if (!name_check_label("cloud name", cloud->name, error) ||
        !choose_network(options, &network, error) || !check_network(options, network, error) ||
        (options->phone_home_port && !set_port(options->phone_home_port, cloud, error)) ||
        !cloud_inputs_read(&given, options->home_path ? options->home_path : "", inputs, error))
        return false;
    cloud_inputs_apply(inputs, cloud);
    copy_network(options, network, cloud);
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

static bool cloud_put_rows(const char *path, const struct store_cloud *cloud,
                           const struct cloud_inputs *inputs, struct error *error) {
    scoped(alloc_release) char *database = alloc_printf("%s/" HOME_DATABASE, path);
    struct store *store = NULL;
    if (!store_open(database, STORE_CREATE, &store, error))
        return false;
    bool good =
        store_begin(store, error) &&
        store_end(store,
                  cloud_table_put(store, cloud, error) && place_record(store, path, error) &&
                      cloud_inputs_put_users(inputs, store, error),
                  error);
    store_close(store);
    return good;
}

static bool keep_keys(const char *path, const struct cloud_inputs *inputs, struct error *error) {
    const struct home home = {.path = (char *)path};
    return cloud_inputs_keep(inputs, &home, error);
}

static bool cloud_write_home(const char *path, const struct store_cloud *cloud,
                             const struct cloud_inputs *inputs, struct traces *traces,
                             struct error *error) {
    scoped(alloc_release) char *database = alloc_printf("%s/" HOME_DATABASE, path);
    scoped(alloc_release) char *images = alloc_printf("%s/" HOME_IMAGES, path);
    scoped(alloc_release) char *instances = alloc_printf("%s/" HOME_INSTANCES, path);
    traces->database = !file_exists(database);
    return make_folder(images, &traces->images, error) &&
           make_folder(instances, &traces->instances, error) && keep_keys(path, inputs, error) &&
           cloud_put_rows(path, cloud, inputs, error);
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

static bool change(const struct cloud_changes *changes, struct cloud_inputs *inputs,
                   struct store_cloud *cloud, struct error *error) {
    if (changes->remove_admin_password)
        alloc_replace(&cloud->admin_password_hash, NULL);
    if (changes->phone_home_port && !set_port(changes->phone_home_port, cloud, error))
        return false;
    cloud_inputs_apply(inputs, cloud);
    return cloud_inputs_choose(&changes->choices, cloud, error) &&
           dns_settings_apply(&inputs->dns, cloud, error);
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
                remove_users(store, changes->removed_users, error) &&
                cloud_inputs_put_users(inputs, store, error) &&
                cloud_inputs_keep(inputs, home, error);
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
    struct store_cloud cloud = {0};
    struct cloud_inputs inputs = {0};
    struct cloud_options made = *options;
    struct traces traces = {0};
    scoped(file_release) int lock = -1;
    made.home_path = home_path;
    bool good = cloud_check_path(home_path, error) && cloud_fill(&made, &cloud, &inputs, error);
    if (good) {
        good = make_folders(home_path, &traces, error) && cloud_check_folder(home_path, error);
        lock = good ? lock_folder(home_path, error) : -1;
        good = good && lock >= 0 && cloud_write_home(home_path, &cloud, &inputs, &traces, error);
        if (!good && lock >= 0)
            take_back(home_path, &traces);
        else if (!good && traces.folder)
            remove_empty(home_path, traces.folder);
    }
    alloc_release(&traces.folder);
    cloud_inputs_done(&inputs);
    store_cloud_done(&cloud);
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
