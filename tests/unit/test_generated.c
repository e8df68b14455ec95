/* Files that are generated: what a person changed is kept, what has not changed is not written. */
#include "home/generated.h"
#include "plan_samples.h"

TEST(an_edited_script_is_kept_and_its_user_told_once) {
    open_home("edited-script", false);
    make(NULL, NULL);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    prepare();
    CHECK(!plan.notice);
    append(folder, "vm.sh", "# mine\n");
    append(folder, "qemu.args", "-no-reboot\n");
    prepare();
    CHECK(plan.notice && strstr(plan.notice, "vm.sh of \"test\" was edited") != NULL);
    scoped(alloc_release) char *kept = read_text(folder, "vm.sh");
    scoped(alloc_release) char *beside = read_text(folder, "vm.sh.new");
    scoped(alloc_release) char *path = alloc_printf("%s/vm.sh.new", folder);
    CHECK_CONTAINS(kept, "# mine\n");
    CHECK(!strstr(kept, "-no-reboot"));
    CHECK(strstr(beside, "-no-reboot") && !strstr(beside, "# mine"));
    CHECK_INT(mode_of(path), 0700);
    prepare();
    CHECK(!plan.notice);
    close_home();
}

TEST(an_edited_document_counts) {
    open_home("edited", false);
    make(NULL, NULL);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    append(folder, "cloud-init/user-data", "# mine\n");
    prepare();
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
    prepare();
    scoped(alloc_release) char *again = on_drive(folder, "user-data");
    CHECK_STRING(again, beside);
    CHECK(!is_there(folder, "cloud-init/user-data.new"));
    CHECK_INT(unlink(path), 0); /* a document that is not there is written again */
    prepare();
    scoped(alloc_release) char *anew = read_text(folder, "cloud-init/user-data");
    CHECK_STRING(anew, beside);
    close_home();
}

TEST(the_drive_is_made_anew_only_when_needed) {
    open_home("drive", false);
    struct stat before, same, after;
    make(NULL, NULL);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    scoped(alloc_release) char *image = alloc_printf("%s/cloud-init.img", folder);
    CHECK_INT(stat(image, &before), 0);
    prepare();
    CHECK_INT(stat(image, &same), 0);
    CHECK_INT(same.st_ino, before.st_ino);
    append(folder, "cloud-init/vendor-data", "# more\n");
    prepare();
    CHECK_INT(stat(image, &after), 0);
    CHECK(after.st_ino != before.st_ino);
    CHECK_INT(after.st_mode & 07777, 0600);
    CHECK_INT(unlink(image), 0);
    prepare();
    CHECK(file_exists(image));
    close_home();
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
    make(NULL, "http");
    prepare();
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    for (int i = 0; i < COUNT; i++)
        before[i] = inode_of(folder, files[i]);
    prepare();
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(inode_of(folder, files[i]), before[i]);
    append(folder, "cloud-init/user-data", "a: b: c\n");
    for (int i = 0; i < 2; i++)
        check_refused("test", ERROR_INVALID, "cloud-init/user-data: line");
    close_home();
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
    struct error error = {0};
    make(NULL, NULL);
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
    close_home();
}

int main(void) {
    return test_run();
}
