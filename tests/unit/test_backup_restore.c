/* Backups that are restored: as the same machine, as another one, in its place. */
#include "backup_home.h"
#include "home/backup/backup_reader.h"
#include "home/change/remove.h"
#include "home/facts.h"
#include "home/instance/recovery.h"
#include "store/generated_table.h"
#include "store/transaction.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

TEST(thin_comes_back_as_another) {
    struct store_instance made = {0}, other = {0};
    struct error error = {0};
    begin("as", &made);
    add_data_disk();
    write_disk("test", "os.qcow2", "write -P 7 70M 1M");
    write_disk("test", "disk-data.qcow2", "write -P 9 0 1M");
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    CHECK(!restore_to(&home, folder, NULL, &other, &error));
    CHECK_CONTAINS(error.text, "this machine is there, as \"test\": --replace");
    error_clear(&error);
    check_good(restore_to(&home, folder, "two", &other, &error), &error);
    CHECK(strcmp(other.uuid, made.uuid) != 0);
    CHECK(strcmp(other.mac, made.mac) != 0);
    CHECK(strcmp(other.instance_id, made.instance_id) != 0);
    CHECK(strcmp(other.token, made.token) != 0);
    CHECK(disk_reads("two", "os.qcow2", "read -P 7 70M 1M"));
    CHECK(disk_reads("two", "disk-data.qcow2", "read -P 9 0 1M"));
    scoped(alloc_release) char *keys = disk_of("two", "host-keys/ssh_host_ed25519_key");
    scoped(alloc_release) char *old = read_text(folder, "host-keys/ssh_host_ed25519_key");
    CHECK(!file_content_equals(keys, old, strlen(old)));
    store_instance_done(&other);
    end(&made);
}

/* In a home that has nothing of it. */
TEST(full_comes_back_elsewhere_as_the_same) {
    struct cloud_options cloud = user_options();
    struct store_instance made = {0}, again = {0}, third = {0};
    struct error error = {0};
    struct home here;
    begin("same", &made);
    write_disk("test", "os.qcow2", "write -P 7 70M 1M");
    scoped(alloc_release) char *arguments = disk_of("test", "qemu.args");
    scratch_write(arguments, "-device pci-testdev\n", 20, 0600);
    scoped(alloc_release) char *thin = back_up(BACKUP_THIN);
    scoped(alloc_release) char *folder = back_up(BACKUP_FULL);
    scoped(alloc_release) char *keys = read_text(folder, "host-keys/ssh_host_ed25519_key");
    scoped(alloc_release) char *path = scratch_path("elsewhere");
    here = home;
    check_good(cloud_create(path, &cloud, &error) && home_open(path, &home, &error), &error);
    CHECK(!restore_to(&home, thin, NULL, &again, &error));
    CHECK_CONTAINS(error.text, "the backup is thin, and its image \"base\" (SHA-256 ");
    error_clear(&error);
    check_good(restore_to(&home, folder, NULL, &again, &error), &error);
    CHECK_STRING(again.uuid, made.uuid);
    CHECK_STRING(again.mac, made.mac);
    CHECK_STRING(again.instance_id, made.instance_id);
    CHECK_STRING(again.token, made.token);
    CHECK_STRING(again.image, "test-backup");
    CHECK(disk_reads("test", "os.qcow2", "read -P 7 70M 1M"));
    scoped(alloc_release) char *restored = disk_of("test", "host-keys/ssh_host_ed25519_key");
    CHECK(file_content_equals(restored, keys, strlen(keys)));
    scoped(alloc_release) char *run = disk_of("test", "qemu.args");
    scoped(alloc_release) char *waiting = disk_of("test", "qemu.args.from-backup");
    CHECK(!file_exists(run) && file_exists(waiting));
    /* its disk is an image now, which a second one shares */
    check_good(restore_to(&home, folder, "second", &third, &error), &error);
    CHECK_STRING(third.image, "test-backup");
    CHECK(disk_reads("second", "os.qcow2", "read -P 7 70M 1M"));
    store_instance_done(&third);
    store_instance_done(&again);
    home_close(&home);
    home = here;
    end(&made);
}

TEST(replaces_the_same_machine) {
    struct store_instance made = {0}, after = {0};
    struct error error = {0};
    begin("replace", &made);
    write_disk("test", "os.qcow2", "write -P 7 70M 1M");
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    write_disk("test", "os.qcow2", "write -P 8 70M 1M");
    check_good(put_back(folder, &made, &error), &error);
    CHECK(disk_reads("test", "os.qcow2", "read -P 7 70M 1M"));
    check_good(instance_table_get(home.store, "test", &after, &error), &error);
    CHECK_INT(after.id, made.id);
    CHECK_STRING(after.instance_id, made.instance_id);
    CHECK_INT(after.ssh_port, made.ssh_port);
    add_data_disk();
    CHECK(!put_back(folder, &made, &error));
    CHECK_CONTAINS(error.text, "has the disk \"data\", which the backup has not");
    store_instance_done(&after);
    end(&made);
}

static void break_image(void) {
    scoped(alloc_release) char *script =
        alloc_printf("set -- '%s'/images/base*; chmod u+w \"$1\"; "
                     "printf x | dd of=\"$1\" bs=1 seek=300 conv=notrunc 2>/dev/null",
                     home.path);
    char *argv[] = {"sh", "-c", script, NULL};
    run_program(argv);
}

/* A self-contained one brings what it needs; one that is thin is refused, and changes nothing. */
TEST(over_a_damaged_image) {
    struct store_instance made = {0}, other = {0};
    struct error error = {0};
    begin("unsound", &made);
    write_disk("test", "os.qcow2", "write -P 7 70M 1M");
    scoped(alloc_release) char *thin = back_up(BACKUP_THIN);
    scoped(alloc_release) char *full = back_up(BACKUP_FULL);
    write_disk("test", "os.qcow2", "write -P 8 70M 1M");
    break_image();
    CHECK(!put_back(thin, &made, &error));
    CHECK_CONTAINS(error.text, "the image \"base\" of this home is damaged");
    CHECK(disk_reads("test", "os.qcow2", "read -P 8 70M 1M"));
    error_clear(&error);
    CHECK(!restore_to(&home, thin, "thin", &other, &error));
    error_clear(&error);
    check_good(restore_to(&home, full, "full", &other, &error), &error);
    CHECK_STRING(other.image, "full-backup");
    CHECK(disk_reads("full", "os.qcow2", "read -P 7 70M 1M"));
    store_instance_done(&other);
    end(&made);
}

/* Of the stage ".restore-abc". */
static void record_restore(const struct store_instance *made) {
    struct error error = {0};
    check_good(store_begin(home.store, &error) &&
                   store_end(home.store,
                             generated_table_put(home.store, made->id, RECOVERY_RESTORE_KEY, "abc",
                                                 &error),
                             &error),
               &error);
}

/* Killed between the record and the files: the next one that works on it finishes. Killed before
 * the record: nothing has happened. */
TEST(replacing_that_was_interrupted_is_finished_or_nothing) {
    struct store_instance made = {0};
    struct error error = {0};
    begin("killed", &made);
    scoped(alloc_release) char *stage = disk_of("test", ".restore-abc");
    scoped(alloc_release) char *disk = disk_of("test", ".restore-abc/os.qcow2");
    scoped(alloc_release) char *present = disk_of("test", "os.qcow2");
    check_good(file_make_directory(stage, 0700, &error), &error);
    scratch_write(disk, "new", 3, 0600);
    check_good(recovery_complete_restore(&home, &made, &error), &error);
    CHECK(!file_exists(stage) && !file_content_equals(present, "new", 3));
    check_good(file_make_directory(stage, 0700, &error), &error);
    scratch_write(disk, "new", 3, 0600);
    record_restore(&made);
    check_good(recovery_complete_restore(&home, &made, &error), &error);
    CHECK(!file_exists(stage) && file_content_equals(present, "new", 3));
    end(&made);
}

/* Every descriptor that this process may have, but for some. */
static size_t take_descriptors(int *taken, size_t max, size_t but) {
    size_t count = 0;
    while (count < max && (taken[count] = dup(0)) >= 0)
        count++;
    for (; but && count; but--)
        close(taken[--count]);
    return count;
}

/* A folder that cannot be read is not an empty one, which would be removed. */
TEST(what_was_not_moved_is_not_removed) {
    enum { MAX = 200 };
    int taken[MAX];
    struct store_instance made = {0};
    struct error error = {0};
    struct rlimit before, few;
    begin("full-table", &made);
    scoped(alloc_release) char *stage = disk_of("test", ".restore-abc");
    scoped(alloc_release) char *disk = disk_of("test", ".restore-abc/os.qcow2");
    scoped(alloc_release) char *present = disk_of("test", "os.qcow2");
    check_good(file_make_directory(stage, 0700, &error), &error);
    scratch_write(disk, "new", 3, 0600);
    record_restore(&made);
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few = before;
    few.rlim_cur = MAX / 2;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    for (size_t left = 0; left < 2; left++) {
        size_t count = take_descriptors(taken, MAX, left);
        CHECK(!recovery_complete_restore(&home, &made, &error));
        while (count)
            close(taken[--count]);
        CHECK_CONTAINS(error.text, "Too many open files");
        error_clear(&error);
        CHECK(file_exists(disk));
    }
    setrlimit(RLIMIT_NOFILE, &before);
    check_good(recovery_complete_restore(&home, &made, &error), &error);
    CHECK(!file_exists(stage) && file_content_equals(present, "new", 3));
    end(&made);
}

TEST(a_removed_one_comes_back) {
    struct store_instance made = {0}, again = {0};
    struct error error = {0};
    begin("removed", &made);
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    check_good(instance_remove(&home, &made, &error), &error);
    check_good(restore_to(&home, folder, NULL, &again, &error), &error);
    CHECK_STRING(again.uuid, made.uuid);
    CHECK_STRING(again.mac, made.mac);
    store_instance_done(&again);
    end(&made);
}

/* It starts after another one, if that is here. */
TEST(what_the_supervisor_does_by_itself_comes_back) {
    struct instance_create_options options = {
        .name = "first", .image = "base", .ram = "64", .disk = "96M", .seed = "drive"};
    struct store_instance made = {0}, first = {0}, again = {0};
    struct error error = {0};
    begin("schedule", &made);
    make_instance(&home, &options, &first);
    made.snapshot_every_s = 3600;
    made.snapshot_keep = 5;
    made.after = alloc_string("first");
    check_good(instance_table_update(home.store, &made, &error), &error);
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    for (int i = 0; i < 2; i++) {
        check_good(instance_remove(&home, i ? &again : &made, &error), &error);
        store_instance_done(&again);
        check_good(!i || instance_remove(&home, &first, &error), &error);
        check_good(restore_to(&home, folder, NULL, &again, &error), &error);
        CHECK_INT(again.snapshot_every_s, 3600);
        CHECK_INT(again.snapshot_keep, 5);
        CHECK(i ? !again.after : strcmp(again.after, "first") == 0);
    }
    store_instance_done(&again);
    store_instance_done(&first);
    end(&made);
}

/* A listening socket on a port of 127.0.0.1 that nobody had. */
static int occupy(uint16_t *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

TEST(a_port_that_is_in_use_is_replaced) {
    struct store_instance made = {0}, again = {0};
    struct error error = {0};
    begin("port", &made);
    uint16_t port;
    int fd = occupy(&port);
    made.ssh_port = port;
    made.ssh_port_given = true;
    check_good(store_begin(home.store, &error) &&
                   store_end(home.store, instance_table_update(home.store, &made, &error), &error),
               &error);
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    check_good(instance_remove(&home, &made, &error), &error);
    check_good(restore_to(&home, folder, NULL, &again, &error), &error);
    CHECK(again.ssh_port != 0 && again.ssh_port != port);
    CHECK_STRING(again.uuid, made.uuid);
    store_instance_done(&again);
    close(fd);
    end(&made);
}

/* A resize that was killed between the disk and its record. */
TEST(the_size_is_that_of_the_disk) {
    struct store_instance made = {0}, other = {0};
    struct error error = {0};
    begin("grown", &made);
    scoped(alloc_release) char *disk = disk_of("test", "os.qcow2");
    char *argv[] = {"qemu-img", "resize", "-q", "-f", "qcow2", disk, "128M", NULL};
    run_program(argv);
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    check_good(restore_to(&home, folder, "two", &other, &error), &error);
    CHECK_INT(other.disk_bytes, 128 << 20);
    store_instance_done(&other);
    end(&made);
}

int main(void) {
    return test_run();
}
