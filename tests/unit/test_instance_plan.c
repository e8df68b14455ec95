/* A launch made ready: the seed in both ways, vm.sh, what is read and what is secret. */
#include "plan_samples.h"
#include "store/query.h"

#include <sqlite3.h>

static void check_seed_over_http(void) {
    scoped(alloc_release) char *url =
        alloc_printf("http://10.0.2.2:10300/seed/%s/", instance.token);
    scoped(alloc_release) char *phone_home = alloc_printf(
        "url: \"http://10.0.2.2:10300/phone-home/%s/${INSTANCE_ID}\"", instance.phone_home_token);
    CHECK_STRING(plan.spec.seed_url, url);
    CHECK(!plan.spec.seed_drive);
    CHECK_STRING(plan.spec.seed_source, "nocloud-net");
    scoped(alloc_release) char *user_data = read_text(plan.folder, "cloud-init/user-data");
    CHECK_CONTAINS(user_data, phone_home);
    scoped(alloc_release) char *vendor_data = read_text(plan.folder, "cloud-init/vendor-data");
    CHECK_CONTAINS(vendor_data, "touch $instance/manual-clean");
    CHECK_CONTAINS(user_data, "hashed_passwd: \"$6$");
    CHECK_CONTAINS(user_data, KEY_ED25519);
    CHECK_CONTAINS(user_data, "package_upgrade: false");
}

TEST(dhcp_over_http) {
    open_home("dhcp", false);
    make(NULL, "http");
    prepare();
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
    check_seed_over_http();
    scoped(alloc_release) char *network = on_drive(folder, "network-config");
    CHECK_CONTAINS(network, "dhcp4: true");
    CHECK_CONTAINS(network, instance.mac);
    close_home();
}

TEST(static_on_the_drive) {
    open_home("static", true);
    make("172.16.3.5", NULL);
    CHECK_INT(instance.seed, STORE_SEED_DRIVE);
    CHECK_INT(instance.ssh_port, 0);
    prepare();
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
    close_home();
}

TEST(static_with_user_networking) {
    open_home("static-user", false);
    make("10.0.2.20", NULL);
    prepare();
    CHECK_STRING(plan.spec.forwards[0].guest_address, "10.0.2.20");
    scoped(alloc_release) char *network = on_drive(plan.folder, "network-config");
    CHECK_CONTAINS(network, "\"10.0.2.20/24\"");
    CHECK_CONTAINS(network, "via: \"10.0.2.2\"");
    CHECK_CONTAINS(network, "\"10.0.2.3\"");
    close_home();
}

TEST(script_takes_the_drive_and_no_server) {
    open_home("script", false);
    make(NULL, "http");
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
    close_home();
}

static int instance_reads;

static int on_statement(unsigned kind, void *context, void *statement, void *text) {
    (void)kind, (void)context, (void)statement;
    instance_reads += strstr(text, "WHERE i.name = ?1") != NULL;
    return 0;
}

TEST(the_row_of_an_instance_is_read_once) {
    open_home("reads", false);
    CHECK_INT(sqlite3_trace_v2(home.store->database, SQLITE_TRACE_STMT, on_statement, NULL),
              SQLITE_OK);
    make(NULL, NULL);
    instance_reads = 0;
    prepare();
    CHECK_INT(instance_reads, 1);
    close_home();
}

TEST(extra_arguments) {
    open_home("extra", false);
    make(NULL, NULL);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    scoped(alloc_release) char *file = alloc_printf("%s/qemu.args", folder);
    append(folder, "qemu.args",
           "# a sound card\n\n-device\r\n  intel-hda,id=a b  \n#-S\n-no-reboot");
    prepare();
    CHECK(plan.spec.extra != NULL);
    if (plan.spec.extra) {
        CHECK_STRING(plan.spec.extra[0], "-device");
        CHECK_STRING(plan.spec.extra[1], "intel-hda,id=a b");
        CHECK_STRING(plan.spec.extra[2], "-no-reboot");
        CHECK(!plan.spec.extra[3]);
    }
    scoped(alloc_release) char *script = read_text(folder, "vm.sh");
    CHECK_CONTAINS(script, "'intel-hda,id=a b'");
    scratch_write(file, "# nothing\n", 10, 0600);
    prepare();
    CHECK(!plan.spec.extra);
    static const char marked[] = "\xEF\xBB\xBF-no-reboot\r\n", unseen[] = "\xC2\xA0-no-reboot\n",
                      wide[] = "\xFF\xFE-\0S\0";
    scratch_write(file, marked, sizeof marked - 1, 0600);
    prepare();
    CHECK_STRING(plan.spec.extra ? plan.spec.extra[0] : NULL, "-no-reboot");
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
    close_home();
}

/* Not in clear text in any file below the home; the hash is where it belongs. */
TEST(no_password_in_clear_text) {
    open_home("password", false);
    make(NULL, NULL);
    prepare();
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
    close_home();
}

int main(void) {
    return test_run();
}
