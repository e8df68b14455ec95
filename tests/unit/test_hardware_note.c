/* The hardware of a launch, in a file that stays the same one. */
#include "base/file.h"
#include "home/instance/hardware_note.h"
#include "home/layout.h"
#include "scratch.h"
#include "test.h"

#include <string.h>
#include <sys/stat.h>

#define HARDWARE "pgsup-suspended:7.2:virt-7.2,tcg,2cpu,512M,nic0=user/52:54:00:00:00:01"
#define LESS     "pgsup-suspended:7.2:virt-7.2,tcg,1cpu"

static void make_home(const char *name, struct home *home) { /* caller frees its path */
    struct error error = {0};
    *home = (struct home){.path = scratch_path(name)};
    scoped(alloc_release) char *folder = home_instance_folder(home, "test");
    CHECK(file_make_directory(folder, 0700, &error));
}

static void check_write(const struct home *home, const char *tag, const char *hardware) {
    struct error error = {0};
    CHECK(hardware_note_write(home, "test", tag, hardware, &error));
}

static void check_read(const struct home *home, const char *tag, const char *expected) {
    scoped(alloc_release) char *hardware = hardware_note_read(home, "test", tag);
    CHECK_STRING(hardware, expected);
}

static struct stat status_of(const struct home *home) {
    struct stat status = {0};
    scoped(alloc_release) char *path = layout_file(home, "test", LAYOUT_HARDWARE);
    CHECK(stat(path, &status) == 0);
    return status;
}

TEST(it_is_that_of_the_last_launch_alone) {
    struct home home;
    make_home("last", &home);
    check_read(&home, "n1", NULL);
    check_write(&home, "n1", HARDWARE);
    check_read(&home, "n1", HARDWARE);
    check_read(&home, "n", NULL);
    check_read(&home, "n12", NULL);
    check_write(&home, "n2", LESS); /* what is left of the longer one does not count */
    check_read(&home, "n2", LESS);
    check_read(&home, "n1", NULL);
    check_write(&home, "n3", HARDWARE);
    check_read(&home, "n3", HARDWARE);
    home_close(&home);
}

TEST(all_launches_of_an_instance_use_one_file) {
    struct home home;
    make_home("one", &home);
    check_write(&home, "n1", HARDWARE);
    struct stat first = status_of(&home);
    check_write(&home, "n2", LESS);
    check_write(&home, "n3", HARDWARE);
    struct stat last = status_of(&home);
    CHECK(first.st_ino == last.st_ino && first.st_nlink == 1);
    CHECK_INT(last.st_mode & 0777, 0600);
    home_close(&home);
}

static void check_text(const struct home *home, const char *text) {
    scoped(alloc_release) char *path = layout_file(home, "test", LAYOUT_HARDWARE);
    scratch_write(path, text, strlen(text), 0600);
    check_read(home, "n1", NULL);
}

TEST(what_is_no_such_line_is_none) {
    struct home home;
    make_home("none", &home);
    check_text(&home, "");
    check_text(&home, "n1");
    check_text(&home, "n1 " HARDWARE); /* not whole */
    check_text(&home, "n1 something else\n");
    check_text(&home, "\nn1 " HARDWARE "\n");
    home_close(&home);
}

TEST(what_cannot_be_written_to_is_told) {
    struct home home;
    struct error error = {0};
    make_home("folder", &home);
    scoped(alloc_release) char *path = layout_file(&home, "test", LAYOUT_HARDWARE);
    CHECK(mkdir(path, 0700) == 0);
    CHECK(!hardware_note_write(&home, "test", "n1", HARDWARE, &error));
    CHECK_CONTAINS(error.text, "/instances/test/.hardware");
    check_read(&home, "n1", NULL);
    home_close(&home);
}

int main(void) {
    return test_run();
}
