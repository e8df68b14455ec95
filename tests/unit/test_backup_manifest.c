/* The manifest of a backup, from anybody, and the files that it lists. */
#include "backup_home.h"
#include "home/access/host_variables.h"
#include "home/backup/backup_check.h"
#include "home/backup/backup_reader.h"

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
    {"\"snapshot_every_s\": 0", "\"snapshot_every_s\": 3", "wrong value of \"snapshot_every_s\""},
    {"\"snapshot_keep\": 0", "\"snapshot_keep\": 1001", "wrong value of \"snapshot_keep\""},
    {"\"after\": null", "\"after\": \"a b\"", "has a wrong value of \"after\""},
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
    struct backup_manifest manifest, older; /* of a pgsup that did not write all of it */
    struct error error = {0};
    begin("manifest", &made);
    add_data_disk();
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    scoped(alloc_release) char *text = read_text(folder, "manifest.json");
    check_good(backup_reader_read(folder, &manifest, &error), &error);
    scoped(alloc_release) char *again = backup_manifest_encode(&manifest);
    CHECK_STRING(again, text);
    char *later = strstr(again, ",\n  \"snapshot_every_s\": 0");
    CHECK(later && strstr(later, "\n }"));
    memmove(later, strstr(later, "\n }"), strlen(strstr(later, "\n }")) + 1);
    check_good(backup_reader_decode(again, strlen(again), &older, &error), &error);
    CHECK_INT(older.facts.instance.snapshot_every_s, 0);
    backup_manifest_done(&older);
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

/* Of characters of which JSON takes two for each. */
TEST(as_many_variables_as_there_may_be) {
    struct store_instance made = {0};
    struct backup_manifest manifest, again;
    struct error error = {0};
    begin("variables", &made);
    scoped(alloc_release) char *folder = back_up(BACKUP_THIN);
    check_good(backup_reader_read(folder, &manifest, &error), &error);
    char value[HOST_VARIABLES_VALUE_MAX_BYTES + 1];
    memset(value, '"', sizeof value - 1);
    value[sizeof value - 1] = 0;
    for (unsigned i = 0; i < HOST_VARIABLES_MAX; i++) {
        scoped(alloc_release) char *pair = alloc_printf("v%062u=%s", i, value);
        check_good(host_variables_set(&manifest.facts.instance.variables,
                                      (char *const[]){pair, NULL}, &error),
                   &error);
    }
    scoped(alloc_release) char *text = backup_manifest_encode(&manifest);
    check_good(backup_reader_decode(text, strlen(text), &again, &error), &error);
    CHECK_STRING(again.facts.instance.variables, manifest.facts.instance.variables);
    backup_manifest_done(&again);
    backup_manifest_done(&manifest);
    end(&made);
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

/* The list tells of the disk as it is. */
static void list_again(const char *folder) {
    struct backup_manifest manifest;
    struct error error = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/manifest.json", folder);
    check_good(backup_reader_read(folder, &manifest, &error), &error);
    for (size_t i = 0; i < manifest.file_count; i++) {
        struct stat status;
        scoped(alloc_release) char *file = alloc_printf("%s/%s", folder, manifest.files[i].path);
        CHECK(stat(file, &status) == 0);
        manifest.files[i].bytes = (uint64_t)status.st_size;
        check_good(secret_sha256_file(file, manifest.files[i].sha256, &error), &error);
    }
    scoped(alloc_release) char *text = backup_manifest_encode(&manifest);
    scratch_write(path, text, strlen(text), 0600);
    backup_manifest_done(&manifest);
}

/* Else a start would load it, and QEMU trusts it. */
TEST(memory_does_not_come_with_a_backup) {
    struct store_instance made = {0};
    begin("memory", &made);
    scoped(alloc_release) char *folder = back_up(BACKUP_FULL);
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    char *argv[] = {"qemu-img", "snapshot", "-c", "pgsup-suspended:", disk, NULL};
    run_program(argv);
    list_again(folder);
    check_broken(folder, "os.qcow2 holds the memory of a suspended machine");
    end(&made);
}

int main(void) {
    return test_run();
}
