/* A launch made ready: the seed in both ways, vm.sh, files that a person changed, hardware. */
#include "cloud_home.h"
#include "home/facts.h"
#include "home/generated.h"
#include "home/instance/definition.h"
#include "home/instance/prepare.h"
#include "host/firmware.h"
#include "store/query.h"
#include "test.h"

#include <sqlite3.h>

static struct home home;
static bool bridged;

static void open_home(const char *name, bool with_bridge) {
    bridged = with_bridge;
    struct cloud_options options = bridged ? bridged_options() : user_options();
    make_home(name, &options, &home);
}

static void make(const char *name, const char *ip4, const char *seed, struct store_instance *made) {
    struct instance_create_options options = {
        .name = name, .image = "base", .ram = "64", .disk = "64M", .ip4 = ip4, .seed = seed};
    if (!bridged)
        options.ssh_port = free_port();
    make_instance(&home, &options, made);
}

static void prepare(const char *name, struct instance_plan *plan) {
    struct instance_facts facts = {0};
    struct error error = {0};
    check_good(instance_prepare(&home, name, &facts, plan, &error), &error);
    instance_facts_done(&facts);
}

static void check_refused(const char *name, enum error_code code, const char *says) {
    struct instance_facts facts = {0};
    struct instance_plan plan = {0};
    struct error error = {0};
    CHECK(!instance_prepare(&home, name, &facts, &plan, &error));
    instance_facts_done(&facts);
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, says);
    CHECK(!plan.folder && !plan.owned);
}

static char *on_drive(const char *folder, const char *document) { /* caller frees */
    scoped(alloc_release) char *image = alloc_printf("%s/cloud-init.img", folder);
    scoped(alloc_release) char *file = alloc_printf("::%s", document);
    char *argv[] = {"mtype", "-i", image, file, NULL};
    return run_output(argv);
}

static void append(const char *folder, const char *name, const char *text) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, name);
    FILE *file = fopen(path, "a");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static bool is_there(const char *folder, const char *name) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, name);
    return file_exists(path);
}

static void check_seed_over_http(const struct store_instance *instance,
                                 const struct instance_plan *plan) {
    scoped(alloc_release) char *url =
        alloc_printf("http://10.0.2.2:10300/seed/%s/", instance->token);
    scoped(alloc_release) char *phone_home = alloc_printf(
        "url: \"http://10.0.2.2:10300/phone-home/%s/${INSTANCE_ID}\"", instance->phone_home_token);
    CHECK_STRING(plan->spec.seed_url, url);
    CHECK(!plan->spec.seed_drive);
    CHECK_STRING(plan->spec.seed_source, "nocloud-net");
    scoped(alloc_release) char *user_data = read_text(plan->folder, "cloud-init/user-data");
    CHECK_CONTAINS(user_data, phone_home);
    scoped(alloc_release) char *vendor_data = read_text(plan->folder, "cloud-init/vendor-data");
    CHECK_CONTAINS(vendor_data, "touch $instance/manual-clean");
    CHECK_CONTAINS(user_data, "hashed_passwd: \"$6$");
    CHECK_CONTAINS(user_data, KEY_ED25519);
    CHECK_CONTAINS(user_data, "package_upgrade: false");
}

TEST(dhcp_over_http) {
    open_home("dhcp", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    make("test", NULL, "http", &instance);
    prepare("test", &plan);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    CHECK_STRING(plan.folder, folder);
    CHECK_STRING(plan.spec.name, "test");
    CHECK_STRING(plan.spec.uuid, instance.uuid);
    CHECK_STRING(plan.spec.instance_id, instance.instance_id);
    CHECK_STRING(plan.spec.nics[0].mac, instance.mac);
    CHECK_STRING(plan.spec.disk, disk);
    CHECK_CONTAINS(plan.spec.program, "/qemu-system-aarch64");
    CHECK_INT(plan.spec.arch, SPEC_AARCH64);
    CHECK_INT(plan.spec.vcpu, 2);
    CHECK_INT(plan.spec.ram_mib, 64);
    CHECK_INT(plan.spec.nics[0].network, SPEC_NET_USER);
    CHECK_STRING(plan.spec.nics[0].guest_network, "10.0.2.0/24");
    CHECK_INT(plan.spec.forward_count, 1);
    CHECK_INT(plan.spec.forwards[0].host_port, instance.ssh_port);
    CHECK_STRING(plan.spec.forwards[0].host_address, "127.0.0.1");
    CHECK(!plan.spec.forwards[0].guest_address && !plan.spec.extra);
    check_seed_over_http(&instance, &plan);
    scoped(alloc_release) char *network = on_drive(folder, "network-config");
    CHECK_CONTAINS(network, "dhcp4: true");
    CHECK_CONTAINS(network, instance.mac);
    instance_plan_done(&plan);
    store_instance_done(&instance);
    home_close(&home);
}

TEST(static_on_the_drive) {
    open_home("static", true);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    make("test", "172.16.3.5", NULL, &instance);
    CHECK_INT(instance.seed, STORE_SEED_DRIVE);
    CHECK_INT(instance.ssh_port, 0);
    prepare("test", &plan);
    scoped(alloc_release) char *image = alloc_printf("%s/cloud-init.img", plan.folder);
    CHECK_STRING(plan.spec.seed_drive, image);
    CHECK(!plan.spec.seed_url && !plan.spec.forwards && !plan.spec.nics[0].guest_network);
    CHECK(plan.spec.nics[0].interface && *plan.spec.nics[0].interface);
    scoped(alloc_release) char *network = on_drive(plan.folder, "network-config");
    CHECK_CONTAINS(network, "\"172.16.3.5/24\"");
    CHECK_CONTAINS(network, "via: \"172.16.3.1\"");
    CHECK_CONTAINS(network, "\"9.9.9.9\"");
    scoped(alloc_release) char *user_data = on_drive(plan.folder, "user-data");
    CHECK_CONTAINS(user_data, "http://172.16.3.10:10300/phone-home/");
    scoped(alloc_release) char *vendor_data = read_text(plan.folder, "cloud-init/vendor-data");
    CHECK(!strstr(vendor_data, "manual-clean"));
    instance_plan_done(&plan);
    store_instance_done(&instance);
    home_close(&home);
}

TEST(static_with_user_networking) {
    open_home("static-user", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    make("test", "10.0.2.20", NULL, &instance);
    prepare("test", &plan);
    CHECK_STRING(plan.spec.forwards[0].guest_address, "10.0.2.20");
    scoped(alloc_release) char *network = on_drive(plan.folder, "network-config");
    CHECK_CONTAINS(network, "\"10.0.2.20/24\"");
    CHECK_CONTAINS(network, "via: \"10.0.2.2\"");
    CHECK_CONTAINS(network, "\"10.0.2.3\"");
    instance_plan_done(&plan);
    store_instance_done(&instance);
    home_close(&home);
}

TEST(script_takes_the_drive_and_no_server) {
    open_home("script", false);
    struct store_instance instance = {0};
    make("test", NULL, "http", &instance);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    scoped(alloc_release) char *script = read_text(folder, "vm.sh");
    scoped(alloc_release) char *path = alloc_printf("%s/vm.sh", folder);
    CHECK(strncmp(script, "#!/bin/bash\n", 12) == 0);
    CHECK_CONTAINS(script, "cloud-init.img");
    CHECK(!strstr(script, "\n  -smbios file=")); /* the way by HTTP stands in a comment only */
    CHECK_CONTAINS(script, "\n#  -smbios file=");
    CHECK(!strstr(script, instance.token));
    char *argv[] = {"bash", "-n", path, NULL};
    run_program(argv);
    store_instance_done(&instance);
    home_close(&home);
}

TEST(an_edited_script_is_kept_and_its_user_told_once) {
    open_home("edited-script", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    make("test", NULL, NULL, &instance);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    prepare("test", &plan);
    CHECK(!plan.notice);
    instance_plan_done(&plan);
    append(folder, "vm.sh", "# mine\n");
    append(folder, "qemu.args", "-no-reboot\n");
    prepare("test", &plan);
    CHECK(plan.notice && strstr(plan.notice, "vm.sh of \"test\" was edited") != NULL);
    instance_plan_done(&plan);
    scoped(alloc_release) char *kept = read_text(folder, "vm.sh");
    scoped(alloc_release) char *beside = read_text(folder, "vm.sh.new");
    scoped(alloc_release) char *path = alloc_printf("%s/vm.sh.new", folder);
    CHECK_CONTAINS(kept, "# mine\n");
    CHECK(!strstr(kept, "-no-reboot"));
    CHECK(strstr(beside, "-no-reboot") && !strstr(beside, "# mine"));
    CHECK_INT(mode_of(path), 0700);
    prepare("test", &plan);
    CHECK(!plan.notice);
    instance_plan_done(&plan);
    store_instance_done(&instance);
    home_close(&home);
}

TEST(an_edited_document_counts) {
    open_home("edited", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    make("test", NULL, NULL, &instance);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    append(folder, "cloud-init/user-data", "# mine\n");
    prepare("test", &plan);
    instance_plan_done(&plan);
    scoped(alloc_release) char *kept = read_text(folder, "cloud-init/user-data");
    scoped(alloc_release) char *drive = on_drive(folder, "user-data");
    scoped(alloc_release) char *beside = read_text(folder, "cloud-init/user-data.new");
    CHECK_CONTAINS(kept, "# mine\n");
    CHECK_STRING(drive, kept);
    CHECK(!strstr(beside, "# mine"));
    scoped(alloc_release) char *path = alloc_printf("%s/cloud-init/user-data", folder);
    scoped(alloc_release) char *new_path = alloc_printf("%s.new", path);
    CHECK_INT(mode_of(new_path), 0600);
    CHECK_INT(rename(new_path, path), 0); /* the change is taken back */
    prepare("test", &plan);
    instance_plan_done(&plan);
    scoped(alloc_release) char *again = on_drive(folder, "user-data");
    CHECK_STRING(again, beside);
    CHECK(!is_there(folder, "cloud-init/user-data.new"));
    CHECK_INT(unlink(path), 0); /* a document that is not there is written again */
    prepare("test", &plan);
    instance_plan_done(&plan);
    scoped(alloc_release) char *anew = read_text(folder, "cloud-init/user-data");
    CHECK_STRING(anew, beside);
    store_instance_done(&instance);
    home_close(&home);
}

TEST(the_drive_is_made_anew_only_when_needed) {
    open_home("drive", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    struct stat before, same, after;
    make("test", NULL, NULL, &instance);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    scoped(alloc_release) char *image = alloc_printf("%s/cloud-init.img", folder);
    CHECK_INT(stat(image, &before), 0);
    prepare("test", &plan);
    instance_plan_done(&plan);
    CHECK_INT(stat(image, &same), 0);
    CHECK_INT(same.st_ino, before.st_ino);
    append(folder, "cloud-init/vendor-data", "# more\n");
    prepare("test", &plan);
    instance_plan_done(&plan);
    CHECK_INT(stat(image, &after), 0);
    CHECK(after.st_ino != before.st_ino);
    CHECK_INT(after.st_mode & 07777, 0600);
    CHECK_INT(unlink(image), 0);
    prepare("test", &plan);
    instance_plan_done(&plan);
    CHECK(file_exists(image));
    store_instance_done(&instance);
    home_close(&home);
}

static ino_t inode_of(const char *folder, const char *name) {
    struct stat status = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, name);
    CHECK_INT(stat(path, &status), 0);
    return status.st_ino;
}

/* A start costs no file that is written, synced and put in the place of an equal one; documents
 * that were checked are not checked again, and others are each time. */
TEST(what_has_not_changed_is_not_written_again) {
    static const char *const files[] = {"smbios.bin", "cloud-init/user-data", "cloud-init.img",
                                        "vm.sh"};
    enum { COUNT = sizeof files / sizeof *files };
    ino_t before[COUNT];
    open_home("unchanged", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    make("test", NULL, "http", &instance);
    prepare("test", &plan);
    instance_plan_done(&plan);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    for (int i = 0; i < COUNT; i++)
        before[i] = inode_of(folder, files[i]);
    prepare("test", &plan);
    instance_plan_done(&plan);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(inode_of(folder, files[i]), before[i]);
    append(folder, "cloud-init/user-data", "a: b: c\n");
    for (int i = 0; i < 2; i++)
        check_refused("test", ERROR_INVALID, "cloud-init/user-data: line");
    store_instance_done(&instance);
    home_close(&home);
}

static int instance_reads;

static int on_statement(unsigned kind, void *context, void *statement, void *text) {
    (void)kind, (void)context, (void)statement;
    instance_reads += strstr(text, "WHERE i.name = ?1") != NULL;
    return 0;
}

TEST(the_row_of_an_instance_is_read_once) {
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    open_home("reads", false);
    CHECK_INT(sqlite3_trace_v2(home.store->database, SQLITE_TRACE_STMT, on_statement, NULL),
              SQLITE_OK);
    make("test", NULL, NULL, &instance);
    instance_reads = 0;
    prepare("test", &plan);
    CHECK_INT(instance_reads, 1);
    instance_plan_done(&plan);
    store_instance_done(&instance);
    home_close(&home);
}

static enum generated_result write_generated(const char *path, const char *text,
                                             struct error *error) {
    struct instance_facts facts = {0};
    struct generated generated = {.home = &home, .facts = &facts};
    const struct generated_file file = {path, text, strlen(text), 0600};
    check_good(instance_facts_load(&home, "test", &facts, error), error);
    enum generated_result result = generated_write(&generated, &file, error);
    generated_done(&generated);
    instance_facts_done(&facts);
    return result;
}

TEST(generated_files) {
    open_home("generated", false);
    struct store_instance instance = {0};
    struct error error = {0};
    make("test", NULL, NULL, &instance);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    CHECK_INT(write_generated("a/b", "one", &error), GENERATED_WRITTEN);
    CHECK_INT(write_generated("a/b", "one", &error), GENERATED_SAME);
    CHECK_INT(write_generated("a/b", "two", &error), GENERATED_WRITTEN);
    append(folder, "a/b", "!");
    CHECK_INT(write_generated("a/b", "two", &error), GENERATED_KEPT);
    CHECK_INT(write_generated("a/b", "three", &error), GENERATED_KEPT);
    CHECK_INT(write_generated("a/b", "three", &error), GENERATED_SAME);
    scoped(alloc_release) char *kept = read_text(folder, "a/b");
    scoped(alloc_release) char *beside = read_text(folder, "a/b.new");
    CHECK_STRING(kept, "two!");
    CHECK_STRING(beside, "three");
    scoped(alloc_release) char *file = alloc_printf("%s/a/b", folder);
    scoped(alloc_release) char *new_file = alloc_printf("%s/a/b.new", folder);
    CHECK_INT(rename(new_file, file), 0); /* its user takes the new one */
    CHECK_INT(write_generated("a/b", "four", &error), GENERATED_WRITTEN);
    append(folder, "mine", "text of a person");
    CHECK_INT(write_generated("mine", "x", &error), GENERATED_KEPT);
    CHECK_INT(write_generated("empty", "", &error), GENERATED_WRITTEN);
    CHECK_INT(write_generated("empty", "", &error), GENERATED_SAME);
    CHECK_STRING(error.text, "");
    CHECK_INT(write_generated("a", "x", &error), GENERATED_FAILED);
    CHECK_CONTAINS(error.text, "test/a");
    store_instance_done(&instance);
    home_close(&home);
}

TEST(extra_arguments) {
    open_home("extra", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    make("test", NULL, NULL, &instance);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    scoped(alloc_release) char *file = alloc_printf("%s/qemu.args", folder);
    append(folder, "qemu.args",
           "# a sound card\n\n-device\r\n  intel-hda,id=a b  \n#-S\n-no-reboot");
    prepare("test", &plan);
    CHECK(plan.spec.extra != NULL);
    if (plan.spec.extra) {
        CHECK_STRING(plan.spec.extra[0], "-device");
        CHECK_STRING(plan.spec.extra[1], "intel-hda,id=a b");
        CHECK_STRING(plan.spec.extra[2], "-no-reboot");
        CHECK(!plan.spec.extra[3]);
    }
    instance_plan_done(&plan);
    scoped(alloc_release) char *script = read_text(folder, "vm.sh");
    CHECK_CONTAINS(script, "'intel-hda,id=a b'");
    scratch_write(file, "# nothing\n", 10, 0600);
    prepare("test", &plan);
    CHECK(!plan.spec.extra);
    instance_plan_done(&plan);
    static const char marked[] = "\xEF\xBB\xBF-no-reboot\r\n", unseen[] = "\xC2\xA0-no-reboot\n",
                      wide[] = "\xFF\xFE-\0S\0";
    scratch_write(file, marked, sizeof marked - 1, 0600);
    prepare("test", &plan);
    CHECK_STRING(plan.spec.extra ? plan.spec.extra[0] : NULL, "-no-reboot");
    instance_plan_done(&plan);
    scratch_write(file, unseen, sizeof unseen - 1, 0600);
    check_refused("test", ERROR_INVALID, "qemu.args: a line begins with a no-break space (U+00A0)");
    scratch_write(file, wide, sizeof wide - 1, 0600);
    check_refused("test", ERROR_INVALID, "qemu.args: it is UTF-16 text");
    scratch_write(file, "-S\0\n", 4, 0600);
    check_refused("test", ERROR_INVALID, "qemu.args: it contains a NUL byte");
    char *large = alloc_zero(20000);
    memset(large, '\n', 20000);
    scratch_write(file, large, 20000, 0600);
    check_refused("test", ERROR_INVALID, "larger than 16384 bytes");
    for (int i = 0; i < 2 * 257; i += 2)
        large[i] = '-';
    scratch_write(file, large, 600, 0600);
    check_refused("test", ERROR_INVALID, "more than 256 arguments");
    free(large);
    store_instance_done(&instance);
    home_close(&home);
}

static void check_busy_port(const struct store_instance *instance) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(instance->ssh_port)};
    char says[64];
    int yes = 1;
    snprintf(says, sizeof says, "port %u of 127.0.0.1", instance->ssh_port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    scoped(file_release) int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
    check_refused("test", ERROR_WRONG_STATE, says);
    check_refused("test", ERROR_WRONG_STATE, "--ssh-port");
}

TEST(refuses_what_cannot_start) {
    open_home("cannot", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    make("test", NULL, NULL, &instance);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    scoped(alloc_release) char *image = home_file(&home, "images/base.qcow2");
    scoped(alloc_release) char *away = home_file(&home, "away");
    check_refused("ghost", ERROR_NOT_FOUND, "no instance \"ghost\"");
    check_busy_port(&instance);
    CHECK_INT(rename(image, away), 0);
    check_refused("test", ERROR_NOT_FOUND, "base.qcow2 is missing");
    CHECK_INT(rename(away, image), 0);
    CHECK_INT(rename(disk, away), 0);
    check_refused("test", ERROR_NOT_FOUND, "pgsup instance rebuild test");
    CHECK_INT(rename(away, disk), 0);
    prepare("test", &plan);
    instance_plan_done(&plan);
    store_instance_done(&instance);
    home_close(&home);
}

TEST(accelerators) {
    open_home("accel", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    struct error error = {0};
    bool native = strcmp(platform_architecture(), "aarch64") == 0;
    const char *fast = platform_accelerators()[0];
    make("test", NULL, NULL, &instance);
    setenv("PGSUP_ACCEL", "tcg", 1);
    prepare("test", &plan);
    CHECK_INT(plan.spec.accel, SPEC_TCG);
    instance_plan_done(&plan);
    setenv("PGSUP_ACCEL", fast, 1);
    if (!native)
        check_refused("test", ERROR_WRONG_STATE, "cannot run aarch64 guests");
    alloc_replace(&instance.accel, alloc_string("tcg")); /* goes before the variable */
    check_good(instance_table_update(home.store, &instance, &error), &error);
    prepare("test", &plan);
    CHECK_INT(plan.spec.accel, SPEC_TCG);
    instance_plan_done(&plan);
    unsetenv("PGSUP_ACCEL");
    store_instance_done(&instance);
    home_close(&home);
}

TEST(firmware) {
    struct error error = {0};
    scoped(alloc_release) char *firmware = firmware_find(SPEC_AARCH64, &error);
    CHECK_STRING(error.text, "");
    CHECK(firmware && firmware[0] == '/' && access(firmware, R_OK) == 0);
}

/* Not in clear text in any file below the home; the hash is where it belongs. */
TEST(no_password_in_clear_text) {
    open_home("password", false);
    struct store_instance instance = {0};
    struct instance_plan plan = {0};
    make("test", NULL, NULL, &instance);
    prepare("test", &plan);
    instance_plan_done(&plan);
    scoped(alloc_release) char *script = alloc_printf(
        "find '%s' -type f | wc -l; grep -rlaF \"$0\" '%s' || true", home.path, home.path);
    char *argv[] = {"sh", "-c", script, (char *)PASSWORD, NULL};
    scoped(alloc_release) char *found = run_output(argv);
    CHECK(atoi(found) >= 9);
    CHECK(strchr(found, '\n') && strchr(found, '\n')[1] == 0);
    char *hash[] = {"grep", "-rlaF", "$6$", home.path, NULL};
    scoped(alloc_release) char *files = run_output(hash);
    CHECK_CONTAINS(files, "cloud-init/user-data");
    CHECK_CONTAINS(files, "cloud.sqlite3");
    store_instance_done(&instance);
    home_close(&home);
}

int main(void) {
    return test_run();
}
