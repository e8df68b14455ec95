/* Making a cloud: what is refused and why, that a refusal leaves no trace, what is made. */
#include "cloud_home.h"
#include "home/run_folder.h"
#include "store/cloud_table.h"
#include "test.h"

#include <sys/file.h>

#define PRIVATE_KEY                                                                                \
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"                              \
    "-----END OPENSSH PRIVATE KEY-----\n"

struct refusal {
    struct cloud_options options;
    enum error_code code;
    const char *says;
};

/* Text of a key file; the options name it by its row. */
static const char *const bad_keys[][2] = {
    {PRIVATE_KEY, "private key"},
    {"", "no public key"},
    {KEY_DSA "\n", "ssh-dss"},
    {BAD_WRONG_INNER "\n", "another type"},
    {KEY_ED25519 "\n" KEY_DSA "\n", "line 2"},
};

static void check_refusal(const char *path, const struct cloud_options *options,
                          enum error_code code, const char *says) {
    struct error error = {0};
    CHECK(!cloud_create(path, options, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, says);
    if (options->admin_password && *options->admin_password)
        CHECK(!strstr(error.text, options->admin_password));
}

/* In a folder that is not there, nor the one above it; and in one that is. */
static void check_no_trace(const struct cloud_options *options, enum error_code code,
                           const char *says) {
    scoped(alloc_release) char *above = scratch_path("none");
    scoped(alloc_release) char *absent = scratch_path("none/above/home");
    scoped(alloc_release) char *present = scratch_path("present");
    check_refusal(absent, options, code, says);
    CHECK(!file_exists(above));
    scoped(alloc_release) char *before = fingerprint(present);
    check_refusal(present, options, code, says);
    scoped(alloc_release) char *after = fingerprint(present);
    CHECK_STRING(after, before);
}

static void make_present(void) {
    scoped(alloc_release) char *present = scratch_path("present");
    scoped(alloc_release) char *file = scratch_path("present/my file");
    struct error error = {0};
    check_good(file_make_directory(present, 0755, &error), &error);
    if (!file_exists(file))
        scratch_write(file, "mine", 4, 0644);
}

TEST(refuses_bad_options_without_a_trace) {
    const char *const *key = public_key_files();
    const char *const nowhere[] = {"/nowhere/id.pub", NULL};
    char *const bad_user[] = {(char *)"root:/nowhere", NULL};
    struct cloud_options bridged = bridged_options();
    const char *interface = bridged.network.interface;
    const struct refusal table[] = {
        {{.name = "Lab", .ssh_public_keys = key},
         ERROR_INVALID,
         "\"Lab\" is not a valid cloud name"},
        {{.name = "", .ssh_public_keys = key}, ERROR_INVALID, "RFC 1123"},
        {{.name = "lab"}, ERROR_USAGE, "--ssh-public-key"},
        {{.ssh_public_keys = nowhere}, ERROR_NOT_FOUND, "/nowhere/id.pub"},
        {{.ssh_public_keys = key, .admin_password = ""}, ERROR_INVALID, "admin password"},
        {{.ssh_public_keys = key, .admin_password = "tab\there"}, ERROR_INVALID, "admin password"},
        {{.ssh_public_keys = key, .network.kind = "token-ring"},
         ERROR_INVALID,
         "use one of user, bridge"},
        {{.ssh_public_keys = key, .network.kind = "user", .network.interface = interface},
         ERROR_INVALID,
         "--host-if cannot be used with the network user"},
        {{.ssh_public_keys = key, .network.host_ip4 = "172.16.3.10"},
         ERROR_INVALID,
         "--host-ip4 cannot be used with the network user"},
        {{.ssh_public_keys = key, .network.interface = "vlan99"}, ERROR_INVALID, "no interface"},
        {{.ssh_public_keys = key,
          .network.interface = interface,
          .network.host_ip4 = "172.16.3.10"},
         ERROR_INVALID,
         "requires --host-nm4"},
        {{.ssh_public_keys = key,
          .network.interface = "vlan99",
          .network.host_ip4 = "172.16.3.10",
          .network.host_nm4 = "255.255.255.0"},
         ERROR_INVALID,
         interface},
        {{.ssh_public_keys = key, .users = bad_user}, ERROR_INVALID, "\"root\""},
        {{.ssh_public_keys = key, .phone_home_port = "0"}, ERROR_INVALID, "--ph-port"},
        {{.ssh_public_keys = key, .phone_home_port = "65536"}, ERROR_INVALID, "--ph-port"},
        {{.ssh_public_keys = key, .phone_home_port = "10300x"}, ERROR_INVALID, "\"10300x\""},
    };
    make_present();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        check_no_trace(&table[i].options, table[i].code, table[i].says);
}

TEST(refuses_bad_addresses) {
    const struct {
        const char *host, *mask, *gateway, *nameserver, *says;
    } table[] = {
        {"172.16.3", "255.255.255.0", NULL, NULL, "\"172.16.3\" is not an address for --host-ip4"},
        {"172.16.3.010", "255.255.255.0", NULL, NULL, "172.16.3.010"},
        {"224.0.0.1", "255.255.255.0", NULL, NULL, "--host-ip4"},
        {"0.0.0.0", "255.255.255.0", NULL, NULL, "--host-ip4"},
        {"172.16.3.10", "255.0.255.0", NULL, NULL, "\"255.0.255.0\" is not a netmask"},
        {"172.16.3.10", "255.255.255.255", NULL, NULL, "8 to 30 bits"},
        {"172.16.3.10", "0.0.0.0", NULL, NULL, "8 to 30 bits"},
        {"172.16.3.0", "255.255.255.0", NULL, NULL, "is the network address of 172.16.3.0/24"},
        {"172.16.3.255", "255.255.255.0", NULL, NULL, "is the broadcast address"},
        {"172.16.3.10", "255.255.255.0", "172.16.4.1", NULL, "outside the network 172.16.3.0/24"},
        {"172.16.3.10", "255.255.255.0", "gateway", NULL, "\"gateway\""},
        {"172.16.3.10", "255.255.255.0", NULL, "9.9.9", "--host-ns4"},
    };
    make_present();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct cloud_options options = bridged_options();
        options.network.host_ip4 = table[i].host;
        options.network.host_nm4 = table[i].mask;
        options.network.host_gw4 = table[i].gateway;
        options.network.host_ns4 = table[i].nameserver;
        check_no_trace(&options, ERROR_INVALID, table[i].says);
    }
}

TEST(refuses_bad_keys) {
    scoped(alloc_release) char *file = scratch_path("bad.pub");
    make_present();
    for (size_t i = 0; i < sizeof bad_keys / sizeof *bad_keys; i++) {
        const char *const files[] = {file, NULL};
        struct cloud_options options = {.ssh_public_keys = files};
        scratch_write(file, bad_keys[i][0], strlen(bad_keys[i][0]), 0600);
        check_no_trace(&options, ERROR_INVALID, bad_keys[i][1]);
        check_no_trace(&options, ERROR_INVALID, "bad.pub");
    }
}

/* Of another system than this one. */
TEST(refuses_a_network_that_is_not_here) {
    bool macos = platform_is_macos();
    struct cloud_options options = bridged_options();
    options.network.kind = macos ? "bridge" : "vmnet-bridged";
    make_present();
    check_no_trace(&options, ERROR_INVALID, "does not exist on this system");
}

TEST(refuses_folders) {
    struct cloud_options options = user_options();
    scoped(alloc_release) char *file = scratch_path("present/my file");
    scoped(alloc_release) char *below = scratch_path("present/my file/home");
    scoped(alloc_release) char *open = scratch_path("open");
    struct error error = {0};
    make_present();
    check_refusal(file, &options, ERROR_WRONG_STATE, "my file is not a folder");
    check_refusal(below, &options, ERROR_WRONG_STATE, "my file is not a folder");
    check_good(file_make_directory(open, 0777, &error), &error);
    check_refusal(open, &options, ERROR_INVALID, "others can write to the folder");
    CHECK_INT(count_entries(open), 0);
}

/* The database cannot be made: what came before it is taken back. */
TEST(takes_back_what_it_made) {
    struct cloud_options options = user_options();
    scoped(alloc_release) char *home = scratch_path("half");
    scoped(alloc_release) char *database = scratch_path("half/cloud.sqlite3");
    struct error error = {0};
    check_good(file_make_directory(database, 0700, &error), &error);
    struct error problem = {0};
    CHECK(!cloud_create(home, &options, &problem));
    CHECK_CONTAINS(problem.text, "cloud.sqlite3");
    CHECK_INT(count_entries(home), 1);
}

static void check_text_of_key(const struct store_cloud *cloud) {
    CHECK_STRING(cloud->ssh_public_key, KEY_ED25519);
    CHECK_STRING(cloud->ssh_public_key_path, public_key_file());
}

TEST(makes_a_cloud_with_user_networking) {
    struct cloud_options options = user_options();
    scoped(alloc_release) char *path = scratch_path("a/b/home");
    scoped(alloc_release) char *above = scratch_path("a");
    struct store_cloud cloud = {0};
    struct home home = {0};
    struct error error = {0};
    mode_t mask = umask(0);
    check_good(cloud_create(path, &options, &error), &error);
    check_good(home_open(path, &home, &error), &error);
    umask(mask);
    check_good(cloud_table_get(home.store, &cloud, &error), &error);
    CHECK_STRING(cloud.name, "lab");
    CHECK_STRING(cloud.network, "user");
    CHECK_INT(cloud.phone_home_port, 10300);
    CHECK(!cloud.interface && !cloud.host_ip4);
    CHECK(strncmp(cloud.admin_password_hash, "$6$", 3) == 0);
    check_text_of_key(&cloud);
    CHECK_INT(mode_of(above), 0700);
    CHECK_INT(mode_of(path), 0700);
    static const char *const folders[] = {"images", "instances", "run"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        scoped(alloc_release) char *folder = home_file(&home, folders[i]);
        CHECK_INT(mode_of(folder), 0700);
    }
    static const char *const files[] = {"cloud.sqlite3", "cloud.sqlite3-wal", "cloud.sqlite3-shm"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        scoped(alloc_release) char *file = home_file(&home, files[i]);
        CHECK_INT(mode_of(file), 0600);
    }
    store_cloud_done(&cloud);
    home_close(&home);
}

TEST(makes_a_bridged_cloud) {
    struct cloud_options options = bridged_options();
    options.phone_home_port = "1";
    scoped(alloc_release) char *path = scratch_path("bridged");
    struct store_cloud cloud = {0};
    struct home home = {0};
    struct error error = {0};
    check_good(cloud_create(path, &options, &error), &error);
    check_good(home_open(path, &home, &error), &error);
    check_good(cloud_table_get(home.store, &cloud, &error), &error);
    CHECK_STRING(cloud.network, platform_is_macos() ? "vmnet-bridged" : "bridge");
    CHECK_STRING(cloud.interface, options.network.interface);
    CHECK_STRING(cloud.host_ip4, "172.16.3.10");
    CHECK_STRING(cloud.host_nm4, "255.255.255.0");
    CHECK_STRING(cloud.host_gw4, "172.16.3.1");
    CHECK_STRING(cloud.host_ns4, "9.9.9.9");
    CHECK_INT(cloud.phone_home_port, 1);
    store_cloud_done(&cloud);
    home_close(&home);
}

TEST(keeps_other_files_and_refuses_a_second_cloud) {
    struct cloud_options options = user_options();
    scoped(alloc_release) char *path = scratch_path("second");
    scoped(alloc_release) char *file = scratch_path("second/mine");
    struct error error = {0};
    check_good(file_make_directory(path, 0755, &error), &error);
    scratch_write(file, "mine", 4, 0644);
    check_good(cloud_create(path, &options, &error), &error);
    CHECK_INT(mode_of(path), 0755);
    CHECK(file_exists(file));
    scoped(alloc_release) char *before = fingerprint(path);
    check_refusal(path, &options, ERROR_EXISTS, "holds a cloud already");
    scoped(alloc_release) char *after = fingerprint(path);
    CHECK_STRING(after, before);
}

TEST(refuses_while_another_one_is_at_work) {
    struct cloud_options options = user_options();
    scoped(alloc_release) char *path = scratch_path("busy");
    struct error error = {0};
    check_good(file_make_directory(path, 0700, &error), &error);
    scoped(file_release) int fd = open(path, O_RDONLY | O_DIRECTORY);
    CHECK_INT(flock(fd, LOCK_EX), 0);
    check_refusal(path, &options, ERROR_WRONG_STATE, "another `pgsup cloud create`");
    CHECK_INT(count_entries(path), 0);
}

int main(void) {
    return test_run();
}
