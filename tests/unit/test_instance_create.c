/* Instances that are made: what is refused, what comes out, that making is all or nothing. */
#include "home/change/remove.h"
#include "home/instance/definition.h"
#include "home/instance/nic.h"
#include "instance_samples.h"
#include "store/cloud_table.h"
#include "store/query.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* A socket that listens on a port of 127.0.0.1 that the system chose. */
static int listen_somewhere(uint16_t *port) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

TEST(refuses_bad_options_without_a_trace) {
    uint16_t port;
    char busy[8], says_busy[64];
    open_user("refuse");
    int fd = listen_somewhere(&port);
    snprintf(busy, sizeof busy, "%u", port);
    snprintf(says_busy, sizeof says_busy, "port %u of 127.0.0.1 is in use", port);
    struct store_instance taken = {0};
    make("taken", "10.0.2.50", &taken);
    char ssh_port[8];
    snprintf(ssh_port, sizeof ssh_port, "%u", taken.ssh_port);
    scoped(alloc_release) char *web = alloc_printf("%s:80", free_port());
    scoped(alloc_release) char *again = alloc_printf("%.*s:81", (int)strcspn(web, ":"), web);
    const struct {
        struct instance_create_options options;
        enum error_code code;
        const char *says;
    } table[] = {
        {{.image = "base"}, ERROR_USAGE, "name"},
        {{.name = "Web", .image = "base"}, ERROR_INVALID, "\"Web\" is not a valid instance name"},
        {{.name = "../web", .image = "base"}, ERROR_INVALID, "RFC 1123"},
        {{.name = "taken", .image = "base"}, ERROR_EXISTS, "instance \"taken\" exists already"},
        {{.name = "x"}, ERROR_NOT_FOUND, "\"ubuntu-jammy\""},
        {{.name = "x", .image = "bsd"}, ERROR_NOT_FOUND, "pgsup image list"},
        {{.name = "x", .image = "base", .vcpu = "0"}, ERROR_INVALID, "1 to 64"},
        {{.name = "x", .image = "base", .vcpu = "65"}, ERROR_INVALID, "\"65\""},
        {{.name = "x", .image = "base", .vcpu = "two"}, ERROR_INVALID, "\"two\""},
        {{.name = "x", .image = "base", .ram = "63"}, ERROR_INVALID, "at least 64 MiB"},
        {{.name = "x", .image = "base", .ram = "much"}, ERROR_INVALID, "amount of memory"},
        {{.name = "x", .image = "base", .ram = "100000K"}, ERROR_INVALID, "amount of memory"},
        {{.name = "x", .image = "base", .ram = "4096G"}, ERROR_INVALID, "than this host has"},
        {{.name = "x", .image = "base", .ram = "99999999999999999999"}, ERROR_INVALID, "999"},
        {{.name = "x", .image = "base", .disk = "0"}, ERROR_INVALID, "is not a disk size"},
        {{.name = "x", .image = "base", .disk = "5X"}, ERROR_INVALID, "\"5X\""},
        {{.name = "x", .image = "base", .disk = "63M"}, ERROR_INVALID, "at least 64M"},
        {{.name = "x", .image = "base", .disk = "17T"}, ERROR_INVALID, "at most 16T"},
        {{.name = "x", .image = "base", .ip4 = "10.0.2"}, ERROR_INVALID, "\"10.0.2\""},
        {{.name = "x", .image = "base", .ip4 = "10.0.3.5"}, ERROR_INVALID, "10.0.2.0/24"},
        {{.name = "x", .image = "base", .ip4 = "10.0.2.0"}, ERROR_INVALID, "network address"},
        {{.name = "x", .image = "base", .ip4 = "10.0.2.2"}, ERROR_EXISTS, "belongs to the host"},
        {{.name = "x", .image = "base", .ip4 = "10.0.2.3"},
         ERROR_EXISTS,
         "belongs to the nameserver"},
        {{.name = "x", .image = "base", .ip4 = "10.0.2.255"}, ERROR_INVALID, "broadcast"},
        {{.name = "x", .image = "base", .ip4 = "10.0.2.50"}, ERROR_EXISTS, "\"taken\""},
        {{.name = "x", .image = "base", .ssh_port = "0"}, ERROR_INVALID, "1 to 65535"},
        {{.name = "x", .image = "base", .ssh_port = "65536"}, ERROR_INVALID, "\"65536\""},
        {{.name = "x", .image = "base", .ssh_port = busy}, ERROR_EXISTS, says_busy},
        {{.name = "x", .image = "base", .ssh_port = ssh_port}, ERROR_EXISTS, "\"taken\""},
        {{.name = "x", .image = "base", .forwards = (char *[]){"80", NULL}},
         ERROR_INVALID,
         "HOST:GUEST"},
        {{.name = "x", .image = "base", .forwards = (char *[]){web, again, NULL}},
         ERROR_EXISTS,
         "already forwarded to the instance \"x\""},
        {{.name = "x", .image = "base", .seed = "floppy"}, ERROR_INVALID, "http, drive or both"},
        {{.name = "x", .image = "base", .accel = "warp"}, ERROR_INVALID, "\"warp\""},
    };
    scoped(alloc_release) char *instances = home_file(&home, "instances");
    scoped(alloc_release) char *before = fingerprint(instances);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        check_refusal(&table[i].options, table[i].code, table[i].says);
    scoped(alloc_release) char *after = fingerprint(instances);
    CHECK_STRING(after, before);
    close(fd);
    struct store_instances list = {0};
    struct error error = {0};
    check_good(instance_table_list(home.store, &list, &error), &error);
    CHECK_INT(list.count, 1);
    store_instances_done(&list);
    store_instance_done(&taken);
    home_close(&home);
}

TEST(refuses_bad_options_of_a_bridged_cloud) {
    struct cloud_options cloud = bridged_options();
    make_home("refuse-bridged", &cloud, &home);
    const struct {
        struct instance_create_options options;
        enum error_code code;
        const char *says;
    } table[] = {
        {{.name = "x", .image = "base", .ip4 = "172.16.4.5"}, ERROR_INVALID, "172.16.3.0/24"},
        {{.name = "x", .image = "base", .ip4 = "172.16.3.10"}, ERROR_EXISTS, "belongs to the host"},
        {{.name = "x", .image = "base", .ip4 = "172.16.3.1"},
         ERROR_EXISTS,
         "belongs to the gateway"},
        {{.name = "x", .image = "base", .ip4 = "172.16.3.255"}, ERROR_INVALID, "broadcast"},
        {{.name = "x", .image = "base", .ssh_port = "10022"}, ERROR_INVALID, "user networking"},
        {{.name = "x", .image = "base", .forwards = (char *[]){"18080:80", NULL}},
         ERROR_INVALID,
         "user networking"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        check_refusal(&table[i].options, table[i].code, table[i].says);
    scoped(alloc_release) char *instances = home_file(&home, "instances");
    CHECK_INT(count_entries(instances), 0);
    home_close(&home);
}

TEST(refuses_a_name_too_long_for_its_sockets) {
    struct cloud_options cloud = user_options();
    make_home("a-home-with-a-somewhat-longer-path", &cloud, &home);
    struct instance_create_options options =
        small("an-instance-with-a-name-that-is-legal-but-much-longer-than-usual");
    options.name += 1;
    check_refusal(&options, ERROR_INVALID, "shorter path");
    home_close(&home);
}

static void check_modes(const char *folder) {
    static const struct {
        const char *name;
        mode_t mode;
    } table[] = {{".", 0700},
                 {"os.qcow2", 0600},
                 {"vm.sh", 0700},
                 {"cloud-init.img", 0600},
                 {"host-keys", 0700},
                 {"cloud-init", 0700},
                 {"cloud-init/meta-data", 0600},
                 {"cloud-init/user-data", 0600},
                 {"cloud-init/vendor-data", 0600},
                 {"cloud-init/network-config", 0600}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, table[i].name);
        CHECK_INT(mode_of(path), table[i].mode);
    }
    CHECK_INT(count_entries(folder), 6);
}

TEST(makes_an_instance_with_defaults) {
    open_user("defaults");
    struct instance_create_options options = {.name = "test", .image = "base", .ram = "256"};
    struct store_instance made = {0}, read = {0};
    struct error error = {0};
    mode_t mask = umask(0);
    make_instance(&home, &options, &made);
    umask(mask);
    check_good(instance_table_get(home.store, "test", &read, &error), &error);
    CHECK_INT(made.id, 1);
    CHECK_STRING(made.image, "base");
    CHECK_STRING(made.arch, "aarch64");
    CHECK_INT(read.seed, STORE_SEED_DRIVE);
    CHECK_INT(read.host_keys, STORE_HOST_KEYS_PRESEED);
    CHECK_INT(read.restart, STORE_RESTART_NO);
    CHECK_INT(read.vcpu, 2);
    CHECK_INT(read.ram_mib, 256);
    CHECK_INT(read.disk_bytes, 5 * GIB);
    CHECK(read.ssh_port >= 10022);
    CHECK(!read.package_upgrade && !read.wanted && !read.autostart && !read.ip4 && !read.accel);
    CHECK(strncmp(read.mac, "52:54:00:", 9) == 0 && strlen(read.mac) == 17);
    CHECK(strncmp(read.instance_id, "test-1-", 7) == 0);
    CHECK_INT(strspn(read.instance_id, "abcdefghijklmnopqrstuvwxyz0123456789-"), 15);
    CHECK_INT(strspn(read.token, "0123456789abcdef"), 32);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    scoped(alloc_release) char *instances = home_file(&home, "instances");
    check_modes(folder);
    CHECK_INT(count_entries(instances), 1);
    store_instance_done(&made);
    store_instance_done(&read);
    home_close(&home);
}

TEST(memory_with_a_unit_and_an_odd_disk) {
    open_user("units");
    struct error none = {0};
    check_good(cloud_set(&home,
                         &(struct cloud_changes){.choices.package_upgrade = CLOUD_SWITCH_ON,
                                                 .choices.trash_days = "0"},
                         &none),
               &none);
    struct instance_create_options options = small("test");
    struct store_instance made = {0};
    options.ram = "1G";
    options.disk = "67108865";
    options.vcpu = "64";
    options.packages = INSTANCE_PACKAGES_KEEP;
    options.seed = "drive";
    options.accel = "tcg";
    make_instance(&home, &options, &made);
    CHECK_INT(made.ram_mib, 1024);
    CHECK_INT(made.disk_bytes, 64 * MIB + 512);
    CHECK_INT(made.vcpu, 64);
    CHECK(!made.package_upgrade); /* although the cloud says so */
    CHECK_INT(made.seed, STORE_SEED_DRIVE);
    CHECK_STRING(made.accel, "tcg");
    store_instance_done(&made);
    home_close(&home);
}

/* The longest name in a home that leaves room for it; its instance-id is a label still. */
TEST(instance_id_of_a_long_name_is_cut) {
    struct cloud_options cloud = user_options();
    char name[64], folder[160];
    memset(name, 'n', 63);
    name[63] = 0;
    memset(folder, 'f', sizeof folder);
    folder[150] = 0;
    make_home(folder, &cloud, &home);
    struct store_instance made = {0};
    make(name, NULL, &made);
    CHECK_INT(strlen(made.instance_id), 63);
    CHECK_INT(strspn(made.instance_id, "abcdefghijklmnopqrstuvwxyz0123456789-"), 63);
    CHECK(strstr(made.instance_id, "nnn-1-") != NULL);
    store_instance_done(&made);
    rmdir(home.run);
    home_close(&home);
}

TEST(nothing_is_used_twice) {
    open_user("twice");
    struct store_instance first = {0}, second = {0};
    struct error error = {0};
    make("test", NULL, &first);
    check_good(instance_remove(&home, &first, &error), &error);
    make("test", NULL, &second);
    CHECK_INT(second.id, first.id + 1);
    CHECK(strcmp(first.mac, second.mac) != 0);
    CHECK(strcmp(first.instance_id, second.instance_id) != 0);
    CHECK(strcmp(first.token, second.token) != 0);
    CHECK(strcmp(first.uuid, second.uuid) != 0);
    store_instance_done(&first);
    store_instance_done(&second);
    home_close(&home);
}

/* Fails after the row is in and the folder in its place. */
TEST(a_late_failure_leaves_nothing) {
    open_user("late");
    struct instance_create_options options = small("test");
    struct store_instances list = {0};
    struct error error = {0};
    setenv("PGSUP_ACCEL", "warp", 1);
    check_refusal(&options, ERROR_INVALID, "PGSUP_ACCEL");
    unsetenv("PGSUP_ACCEL");
    scoped(alloc_release) char *instances = home_file(&home, "instances");
    CHECK_INT(count_entries(instances), 0);
    check_good(instance_table_list(home.store, &list, &error), &error);
    CHECK_INT(list.count, 0);
    struct store_instance made = {0};
    make("test", NULL, &made);
    store_instance_done(&made);
    home_close(&home);
}

static int create_in_child(const char *path, const char *name) {
    struct instance_create_options options = small(name);
    struct store_instance made = {0};
    struct home own = {0};
    struct error error = {0};
    bool good = home_open(path, &own, &error) && instance_create(&own, &options, &made, &error);
    if (!good)
        fprintf(stderr, "%s\n", error.text);
    store_instance_done(&made);
    home_close(&own);
    return !good;
}

/* --- what a power cut leaves --- */

enum { SYNCS_MAX = 64 };

static struct {
    pthread_mutex_t mutex;
    pthread_t creator;
    ino_t files[SYNCS_MAX];
    unsigned count, waited; /* of these, in the creating thread */
} synced = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* In place of the C library's. */
int fsync(int fd) {
    struct stat status = {0};
    bool known = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    pthread_mutex_lock(&synced.mutex);
    if (known && synced.count < SYNCS_MAX) {
        synced.files[synced.count++] = status.st_ino;
        synced.waited += pthread_equal(pthread_self(), synced.creator) != 0;
    }
    pthread_mutex_unlock(&synced.mutex);
    return 0;
}

static bool was_synced(const char *name, const char *file) {
    struct stat status = {0};
    scoped(alloc_release) char *folder = home_instance_folder(&home, name);
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, file);
    CHECK(stat(path, &status) == 0 && status.st_size > 0);
    for (unsigned i = 0; i < synced.count; i++)
        if (synced.files[i] == status.st_ino)
            return true;
    return false;
}

TEST(all_files_are_on_the_disk_and_none_was_waited_for_alone) {
    static const char *const files[] = {"cloud-init/meta-data",   "cloud-init/user-data",
                                        "cloud-init/vendor-data", "cloud-init/network-config",
                                        "cloud-init.img",         "vm.sh"};
    struct store_instance made = {0};
    open_user("synced");
    synced.creator = pthread_self();
    synced.count = synced.waited = 0;
    make("whole", NULL, &made);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        CHECK(was_synced("whole", files[i]));
    CHECK_INT(synced.waited, 0);
    store_instance_done(&made);
    home_close(&home);
}

/* Each gets an address, a port and an id of its own. */
TEST(several_at_once) {
    enum { COUNT = 4 };
    pid_t pids[COUNT];
    open_user("several");
    scoped(alloc_release) char *path = alloc_string(home.path);
    home_close(&home);
    for (int i = 0; i < COUNT; i++) {
        scoped(alloc_release) char *name = alloc_printf("vm-%d", i);
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(create_in_child(path, name));
    }
    for (int i = 0; i < COUNT; i++) {
        int status = -1;
        waitpid(pids[i], &status, 0);
        CHECK_INT(status, 0);
    }
    struct store_instances list = {0};
    struct error error = {0};
    check_good(home_open(path, &home, &error), &error);
    check_good(instance_table_list(home.store, &list, &error), &error);
    CHECK_INT(list.count, COUNT);
    for (size_t i = 1; i < list.count; i++)
        CHECK(list.items[i].ssh_port != list.items[i - 1].ssh_port);
    store_instances_done(&list);
    home_close(&home);
}

/* What a check is about, "store" when the store could not be read; the checks as a lab uses them.
 */
static void check_about(const struct store_cloud *cloud, struct store_instance *instance,
                        const char *const about[3]) {
    static char *const cards[] = {(char *)"nosuch,mac=52:54:00:00:00:01", NULL};
    struct store_nics nics = {0};
    for (int check = 0; check < 3; check++) {
        struct error problem = {0};
        bool good = check == 0   ? definition_check_address(home.store, cloud, instance, &problem)
                    : check == 1 ? definition_check_port(home.store, instance->ssh_port, &problem)
                                 : nic_parse_all(home.store, cards, &nics, &problem);
        CHECK(!good);
        CHECK_STRING(problem.about ? problem.about : "store", about[check]);
    }
    store_nics_done(&nics);
}

TEST(a_store_that_cannot_be_read_is_no_fault_of_a_value) {
    static const char *const values[] = {"ip", "ssh-port", "nics"};
    static const char *const store[] = {"store", "store", "store"};
    struct store_cloud cloud = {0};
    struct store_instance taken = {0};
    struct error error = {0};
    open_user("unreadable");
    make("taken", "10.0.2.50", &taken);
    CHECK(cloud_table_get(home.store, &cloud, &error));
    taken.id++; /* another one that wants the same */
    check_about(&cloud, &taken, values);
    CHECK_INT(sqlite3_exec(home.store->database,
                           "PRAGMA foreign_keys = OFF; ALTER TABLE instances RENAME TO gone; "
                           "ALTER TABLE networks RENAME TO lost",
                           NULL, NULL, NULL),
              SQLITE_OK);
    check_about(&cloud, &taken, store);
    store_instance_done(&taken);
    store_cloud_done(&cloud);
    home_close(&home);
}

int main(void) {
    return test_run();
}
