/* Backups: the manifest from anybody, and what is made, checked and restored. */
#include "cloud_home.h"
#include "home/backup/backup_check.h"
#include "home/backup/backup_list.h"
#include "home/backup/backup_make.h"
#include "home/backup/backup_reader.h"
#include "home/backup/backup_restore.h"
#include "home/change/disk_change.h"
#include "home/change/home_edit.h"
#include "home/change/remove.h"
#include "home/facts.h"
#include "home/instance/recovery.h"
#include "store/generated_table.h"
#include "store/transaction.h"
#include "test.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

static struct home home;
static char *out; /* where backups are made */

static void begin(const char *name, struct store_instance *made) {
    struct cloud_options cloud = user_options();
    struct instance_create_options options = {
        .name = "test", .image = "base", .ram = "64", .disk = "96M", .seed = "drive"};
    struct error error = {0};
    make_home(name, &cloud, &home);
    make_instance(&home, &options, made);
    scoped(alloc_release) char *folder = alloc_printf("%s-out", name);
    alloc_replace(&out, scratch_path(folder));
    check_good(file_make_directory(out, 0700, &error), &error);
}

static void end(struct store_instance *made) {
    store_instance_done(made);
    home_close(&home);
    alloc_release(&out);
}

static char *disk_of(const char *instance, const char *file) {
    return alloc_printf("%s/instances/%s/%s", home.path, instance, file);
}

static void write_disk(const char *instance, const char *file, const char *command) {
    scoped(alloc_release) char *disk = disk_of(instance, file);
    char *argv[] = {"qemu-io", "-f", "qcow2", "-c", (char *)command, disk, NULL};
    run_program(argv);
}

static bool disk_reads(const char *instance, const char *file, const char *command) {
    scoped(alloc_release) char *disk = disk_of(instance, file);
    scoped(buffer_done) struct buffer output = {0};
    char *argv[] = {"qemu-io", "-f", "qcow2", "-c", (char *)command, disk, NULL};
    return program_run(argv, 60000, &output, NULL);
}

/* Caller frees the path of the backup. */
static char *back_up(enum backup_kind kind) {
    struct backup_options options = {.folder = out, .kind = kind, .pgsup = "1.0"};
    struct backup_making making = {.home = &home, .options = &options, .lock = -1};
    struct error error = {0};
    check_good(backup_begin(&making, "test", &error) && backup_copy_disks(&making, &error) &&
                   backup_finish(&making, BACKUP_STOPPED, &error),
               &error);
    char *path = alloc_string(making.final);
    backup_end(&making);
    return path;
}

static bool restore_to(struct home *where, const char *folder, const char *as,
                       struct store_instance *made, struct error *error) {
    struct backup_manifest manifest;
    struct backup_restore restore = {where, folder, &manifest, {0}};
    bool good = backup_restore_open(folder, &manifest, error) &&
                backup_restore_new(&restore, as, made, error);
    strv_done(&restore.notes);
    backup_manifest_done(&manifest);
    return good;
}

static bool put_back(const char *folder, const struct store_instance *instance,
                     struct error *error) {
    struct backup_manifest manifest;
    struct backup_restore restore = {&home, folder, &manifest, {0}};
    bool good = backup_restore_open(folder, &manifest, error) &&
                backup_restore_replace(&restore, instance, error);
    strv_done(&restore.notes);
    backup_manifest_done(&manifest);
    return good;
}

static void add_data_disk(void) {
    struct home_edit edit = {.home = &home, .instance = "test"};
    struct error error = {0};
    check_good(disk_change_add(&edit, "data", "8M", &error), &error);
    alloc_release(&edit.notice);
}

/* --- the manifest --- */

/* The manifest with one text replaced by another, decoded. */
static void decode_changed(const char *text, const char *old, const char *new,
                           struct error *error) {
    struct buffer changed = {0};
    struct backup_manifest manifest;
    const char *found = strstr(text, old);
    CHECK(found != NULL);
    buffer_append(&changed, text, (size_t)(found - text));
    buffer_printf(&changed, "%s%s", new, found + strlen(old));
    if (backup_reader_decode(changed.data, changed.length, &manifest, error))
        backup_manifest_done(&manifest);
    buffer_done(&changed);
}

#define FORTY "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"

static const struct {
    const char *old, *new, *sentence;
} hostile[] = {
    {"\"version\": 1", "\"version\": 2", "was written by a newer pgsup: update this one"},
    {"\"version\": 1", "\"version\": \"1\"", "has a wrong value of \"version\""},
    {"pgsup-backup", "tar", "is not the manifest of a backup"},
    {"\"format\"", "\"version\": 1, \"format\"", "is not JSON (line 3)"},
    {"\"name\": \"test\"", "\"name\": \"../x\"", "has a wrong value of \"name\""},
    {"\"name\": \"test\"", "\"name\": 7", "has a wrong value of \"name\" for the instance"},
    {"\"vcpu\": 2", "\"vcpu\": -1", "has a wrong value of \"vcpu\" for the instance"},
    {"\"vcpu\": 2", "\"vcpu\": 1e3", "has a wrong value of \"vcpu\" for the instance"},
    {"\"vcpu\": 2", "\"vcpu\": 99999999999999999999", "is not JSON"},
    {"\"ram_mib\"", "\"ram\"", "has no \"ram_mib\" for the instance"},
    {"\"seed\": \"drive\"", "\"seed\": \"pigeon\"", "has a wrong value of \"seed\""},
    {"\"path\": \"os.qcow2\"", "\"path\": \"../os.qcow2\"", "names a file that no backup has"},
    {"\"path\": \"os.qcow2\"", "\"path\": \"/etc/passwd\"", "names a file that no backup has"},
    {"\"path\": \"os.qcow2\"", "\"path\": \"host-keys/../x\"", "names a file that no backup has"},
    {"\"path\": \"os.qcow2\"", "\"path\": \"disk-x.qcow2\"", "names a file that no backup has"},
    {"\"path\": \"os.qcow2\"", "\"path\": \"cloud-init/own-user-data\"", "is too long"},
    {"\"path\": \"cloud-init/meta-data\"", "\"path\": \"cloud-init/user-data\"", "twice"},
    {"\"disks\": []", "\"disks\": [{\"name\": \"a\", \"bytes\": 1}]", "lists no file of one of"},
    {"\"disks\": []", "\"disks\": {}", "has no list \"disks\""},
    {"\"disks\": []", "\"disks\": [1,2,3,4,5,6,7]", "has more than 6 members in \"disks\""},
    {"\"disks\": []", "\"disks\": [1]", "does not describe a disk"},
    {"\"forwards\": []", "\"forwards\": [{}]", "has no \"transport\" for a forwarded port"},
    {"\"over_image\": true", "\"over_image\": 1", "has a wrong value of \"over_image\""},
    {"\"machine\": null", "\"machine\": \"virt,x=y\"", "has a wrong value of \"machine\""},
    {"\"machine\": null", "\"machine\": \"virt" FORTY FORTY "\"",
     "has a wrong value of \"machine\""},
    {"\"groups\": null", "\"groups\": \"web\\nx\"", "has a wrong value of \"groups\""},
    {"\"variables\": null", "\"variables\": \"abc\"", "has a wrong value of \"variables\""},
    {"\"variables\": null", "\"variables\": \"a=1\\n=\"", "has a wrong value of \"variables\""},
    {"\"variables\": null", "\"variables\": \"\"", "has a wrong value of \"variables\""},
    {"\"host_keys\": null", "\"host_keys\": \"a\\u0001b\"", "has a wrong value of \"guest\""},
    {"\"host_keys\": null", "\"host_keys\": \"a\\u0000b\"", "is not JSON"},
};

TEST(manifest_from_anybody) {
    struct store_instance made = {0};
    begin("hostile", &made);
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    scoped(alloc_release) char *text = read_text(folder, "manifest.json");
    /* a disk of more bytes than a document may have */
    write_disk("test", "os.qcow2", "write 0 8M");
    scoped(alloc_release) char *large = back_up(BACKUP_THIN);
    scoped(alloc_release) char *large_text = read_text(large, "manifest.json");
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct error error = {0};
        bool own = strstr(hostile[i].new, "own-") != NULL;
        decode_changed(own ? large_text : text, hostile[i].old, hostile[i].new, &error);
        if (!strstr(error.text, hostile[i].sentence))
            printf("%s: \"%s\"\n", hostile[i].new, error.text);
        CHECK_CONTAINS(error.text, hostile[i].sentence);
    }
    end(&made);
}

TEST(manifest_is_read_as_written) {
    struct store_instance made = {0};
    struct backup_manifest manifest;
    struct error error = {0};
    begin("manifest", &made);
    add_data_disk();
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    scoped(alloc_release) char *text = read_text(folder, "manifest.json");
    check_good(backup_reader_read(folder, &manifest, &error), &error);
    scoped(alloc_release) char *again = backup_manifest_encode(&manifest);
    CHECK_STRING(again, text);
    CHECK_STRING(manifest.facts.instance.uuid, made.uuid);
    CHECK_STRING(manifest.facts.disks.items[0].name, "data");
    CHECK(backup_manifest_find(&manifest, "os.qcow2")->over_image);
    CHECK(backup_manifest_find(&manifest, "host-keys/ssh_host_ed25519_key") != NULL);
    CHECK_INT(mode_of(folder), 0700);
    backup_manifest_done(&manifest);
    end(&made);
}

/* As long, and of such characters, as QEMU's own are (host/machine_types.h). */
TEST(a_type_of_machine_that_is_recorded_is_read) {
    struct store_instance made = {0};
    struct error error = {0};
    begin("type", &made);
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    scoped(alloc_release) char *text = read_text(folder, "manifest.json");
    decode_changed(text, "\"machine\": null", "\"machine\": \"virt-7.2+x_y" FORTY "\"", &error);
    CHECK_STRING(error.text, "");
    end(&made);
}

/* Deep, and longer than anything. */
TEST(manifest_has_limits) {
    struct backup_manifest manifest;
    struct error error = {0}, second = {0};
    struct buffer deep = {0};
    for (int i = 0; i < 100000; i++)
        buffer_putc(&deep, '[');
    CHECK(!backup_reader_decode(deep.data, deep.length, &manifest, &error));
    CHECK_CONTAINS(error.text, "is not JSON");
    for (int i = 0; i < 1000000; i++)
        buffer_putc(&deep, ' ');
    CHECK(!backup_reader_decode(deep.data, deep.length, &manifest, &second));
    CHECK_STRING(second.text, "is longer than 1024 KiB");
    buffer_done(&deep);
}

/* --- the files --- */

static void check_broken(const char *folder, const char *sentence) {
    struct backup_manifest manifest;
    struct error error = {0};
    CHECK(!backup_restore_open(folder, &manifest, &error));
    CHECK_CONTAINS(error.text, sentence);
}

TEST(every_flaw_of_a_file_is_found) {
    struct store_instance made = {0};
    begin("flaws", &made);
    scoped(alloc_release) char *folder = back_up(BACKUP_FULL);
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    scoped(alloc_release) char *keys = alloc_printf("%s/host-keys", folder);
    scoped(alloc_release) char *elsewhere = alloc_printf("%s/keys", out);
    scoped(alloc_release) char *document = alloc_printf("%s/cloud-init/user-data", folder);
    scoped(alloc_release) char *kept = read_text(folder, "cloud-init/user-data");
    scoped(alloc_release) char *text = read_text(folder, "manifest.json");
    scoped(alloc_release) char *manifest = alloc_printf("%s/manifest.json", folder);
    char *size = strstr(text, "\"disk_bytes\": 100663296");
    CHECK(size != NULL);
    memcpy(size + strlen("\"disk_bytes\": "), "201326592", 9);
    scratch_write(manifest, text, strlen(text), 0600);
    check_broken(folder, "is a disk of 100663296 bytes, and of 201326592 in the manifest");
    memcpy(size + strlen("\"disk_bytes\": "), "100663296", 9);
    scratch_write(manifest, text, strlen(text), 0600);
    char byte;
    int fd = open(disk, O_RDWR);
    CHECK(pread(fd, &byte, 1, 300) == 1);
    byte = (char)(byte ^ 4);
    CHECK(pwrite(fd, &byte, 1, 300) == 1);
    check_broken(folder, "os.qcow2 is damaged: its SHA-256 is not that of the manifest");
    byte = (char)(byte ^ 4);
    CHECK(pwrite(fd, &byte, 1, 300) == 1);
    close(fd);
    unlink(document);
    check_broken(folder, "the backup is not whole: ");
    CHECK(mkfifo(document, 0600) == 0);
    check_broken(folder, "is not a regular file, as all of a backup are");
    unlink(document);
    CHECK(symlink("/etc/hostname", document) == 0);
    check_broken(folder, "is not a regular file");
    unlink(document);
    scratch_write(document, "short", 5, 0600);
    check_broken(folder, "is damaged: it has 5 bytes, and had");
    scratch_write(document, kept, strlen(kept), 0600);
    CHECK(rename(keys, elsewhere) == 0 && symlink(elsewhere, keys) == 0);
    check_broken(folder, "host-keys is no folder");
    end(&made);
}

/* --- restoring --- */

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
    check_good(
        store_begin(home.store, &error) &&
            store_end(home.store,
                      generated_table_put(home.store, made.id, RECOVERY_RESTORE_KEY, "abc", &error),
                      &error),
        &error);
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
    check_good(
        store_begin(home.store, &error) &&
            store_end(home.store,
                      generated_table_put(home.store, made.id, RECOVERY_RESTORE_KEY, "abc", &error),
                      &error),
        &error);
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

/* --- the folder --- */

TEST(what_a_killed_one_left_is_removed_and_the_oldest_expire) {
    struct store_instance made = {0};
    struct backup_options options = {.kind = BACKUP_THIN, .automatic = true, .pgsup = "1.0"};
    struct backup_list list = {0};
    struct error error = {0};
    begin("expire", &made);
    options.folder = out;
    scoped(alloc_release) char *left = alloc_printf("%s/test-20200101T000000Z.part", out);
    scoped(alloc_release) char *other = alloc_printf("%s/test-2-20200101T000000Z.part", out);
    check_good(file_make_directory(left, 0700, &error) && file_make_directory(other, 0700, &error),
               &error);
    for (int i = 0; i < 3; i++) {
        struct backup_making making = {.home = &home, .options = &options, .lock = -1};
        check_good(backup_begin(&making, "test", &error) && backup_copy_disks(&making, &error) &&
                       backup_finish(&making, BACKUP_STOPPED, &error) &&
                       backup_expire(&making, 2, &error),
                   &error);
        backup_end(&making);
    }
    CHECK(!file_exists(left) && file_exists(other));
    check_good(backup_list(out, &list, &error), &error);
    CHECK_INT((int)list.count, 3); /* two, and the one of another instance that is incomplete */
    CHECK_CONTAINS(list.items[2].problem, "incomplete");
    backup_list_done(&list);
    end(&made);
}

static char *back_up_automatically(uint64_t keep) {
    struct backup_options options = {
        .folder = out, .kind = BACKUP_THIN, .automatic = true, .pgsup = "1.0"};
    struct backup_making making = {.home = &home, .options = &options, .lock = -1};
    struct error error = {0};
    check_good(backup_begin(&making, "test", &error) && backup_copy_disks(&making, &error) &&
                   backup_finish(&making, BACKUP_STOPPED, &error) &&
                   backup_expire(&making, keep, &error),
               &error);
    char *path = alloc_string(making.final);
    backup_end(&making);
    return path;
}

/* As by a clock that was wrong. */
static void date_in_the_future(const char *folder) {
    scoped(alloc_release) char *text = read_text(folder, "manifest.json");
    scoped(alloc_release) char *path = alloc_printf("%s/manifest.json", folder);
    char *digit = strstr(text, "\"created_ms\": ") + strlen("\"created_ms\": ");
    *digit = '9';
    scratch_write(path, text, strlen(text), 0600);
}

TEST(what_was_just_made_and_what_was_renamed_never_expire) {
    struct store_instance made = {0};
    begin("renamed", &made);
    scoped(alloc_release) char *golden = back_up_automatically(1);
    scoped(alloc_release) char *kept = alloc_printf("%s/test-golden", out);
    scoped(alloc_release) char *like = alloc_printf("%s/test-20261126T193000Z-keep", out);
    CHECK(rename(golden, kept) == 0);
    scoped(alloc_release) char *second = back_up_automatically(1);
    CHECK(rename(second, like) == 0);
    scoped(alloc_release) char *future = back_up_automatically(1);
    date_in_the_future(future);
    scoped(alloc_release) char *last = back_up_automatically(1);
    CHECK(file_exists(kept) && file_exists(like));
    CHECK(file_exists(last) && (strcmp(last, future) == 0 || !file_exists(future)));
    end(&made);
}

int main(void) {
    return test_run();
}
