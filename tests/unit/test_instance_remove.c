/* Instances that are removed: nothing of theirs is left, and nothing else goes; what killed
 * processes left is swept. */
#include "home/change/disk_change.h"
#include "home/change/remove.h"
#include "home/change/trash.h"
#include "home/run_folder.h"
#include "instance_samples.h"

#include <sys/file.h>

static void touch(const char *relative) {
    scoped(alloc_release) char *path = home_file(&home, relative);
    scratch_write(path, "", 0, 0600);
}

static void make_folder(const char *relative) {
    scoped(alloc_release) char *path = home_file(&home, relative);
    struct error error = {0};
    check_good(file_make_directory(path, 0700, &error), &error);
}

static bool is_there(const char *relative) {
    scoped(alloc_release) char *path = home_file(&home, relative);
    return file_exists(path);
}

TEST(remove_leaves_nothing) {
    open_user("remove");
    struct store_instance test = {0}, other = {0}, gone = {0};
    struct error error = {0};
    make("test", NULL, &test);
    make("test-2", NULL, &other);
    touch("run/test.1.pid");
    touch("run/test.1.qmp");
    touch("run/test-2.1.pid");
    check_good(run_folder_make_apart(home.run, &error), &error);
    touch("run/s/test.n2.qmp");
    touch("run/s/test-2.n2.qmp");
    touch("instances/test/my file");
    check_good(instance_remove(&home, &test, &error), &error);
    CHECK(!instance_table_get(home.store, "test", &gone, &error));
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    scoped(alloc_release) char *instances = home_file(&home, "instances");
    CHECK_INT(count_entries(instances), 1);
    CHECK(!is_there("run/test.1.pid") && !is_there("run/test.1.qmp"));
    CHECK(!is_there("run/s/test.n2.qmp") && is_there("run/s/test-2.n2.qmp"));
    CHECK(is_there("run/test-2.1.pid") && is_there("instances/test-2/os.qcow2"));
    /* removed by hand before */
    error_clear(&error);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test-2");
    check_good(file_remove_tree(folder, &error), &error);
    touch("instances/test-2");
    CHECK(!instance_remove(&home, &other, &error));
    CHECK_CONTAINS(error.text, "cannot work on ");
    error_clear(&error);
    CHECK_INT(unlink(folder), 0);
    check_good(instance_remove(&home, &other, &error), &error);
    CHECK(!instance_remove(&home, &other, &error));
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    store_instance_done(&test);
    store_instance_done(&other);
    home_close(&home);
}

TEST(remove_spares_the_supervisor) {
    open_user("spare");
    struct store_instance made = {0};
    struct error error = {0};
    make("pgsup", NULL, &made);
    touch("run/pgsup.sock");
    touch("run/pgsup.1.qmp");
    check_good(instance_remove(&home, &made, &error), &error);
    CHECK(is_there("run/pgsup.sock") && !is_there("run/pgsup.1.qmp"));
    store_instance_done(&made);
    home_close(&home);
}

/* What processes that were killed left behind: swept, unless one is still at work there. */
TEST(left_overs_are_swept) {
    open_user("sweep");
    struct store_instance made = {0};
    make_folder("instances/.new-dead");
    touch("instances/.new-dead/os.qcow2");
    make_folder("instances/.old-test-1");
    make_folder("instances/.new-alive");
    make_folder("instances/test");
    touch("instances/test/.incomplete");
    scoped(alloc_release) char *alive = home_file(&home, "instances/.new-alive");
    scoped(file_release) int fd = open(alive, O_RDONLY | O_DIRECTORY);
    CHECK_INT(flock(fd, LOCK_EX), 0);
    make("test", NULL, &made);
    CHECK(!is_there("instances/.new-dead") && !is_there("instances/.old-test-1"));
    CHECK(is_there("instances/.new-alive") && is_there("instances/test/vm.sh"));
    CHECK(!is_there("instances/test/.incomplete"));
    store_instance_done(&made);
    home_close(&home);
}

static void add_disk(const char *name) {
    struct error error = {0};
    struct home_edit edit = {.home = &home, .instance = "test"};
    check_good(disk_change_add(&edit, name, "1M", &error), &error);
    alloc_release(&edit.notice);
}

/* Of what has its row: the maker was killed when only that was left to do. */
TEST(markers_of_what_is_whole_are_swept) {
    open_user("markers");
    struct store_instance made = {0}, other = {0};
    make("test", NULL, &made);
    add_disk("data");
    touch("instances/test/.incomplete");
    touch("instances/test/.disk-data.incomplete");
    make("other", NULL, &other);
    add_disk("more");
    CHECK(is_there("instances/test/vm.sh") && is_there("instances/test/disk-data.qcow2"));
    CHECK(!is_there("instances/test/.incomplete"));
    CHECK(!is_there("instances/test/.disk-data.incomplete"));
    store_instance_done(&other);
    store_instance_done(&made);
    home_close(&home);
}

static void put_in_trash(const char *folder, long ms) { /* after a certain second */
    scoped(alloc_release) char *rows = alloc_printf("%s/rows.sqlite3", folder);
    scoped(alloc_release) char *path = home_file(&home, rows);
    const struct timespec times[] = {{1000, 0}, {1000, ms * 1000000}};
    make_folder(folder);
    touch(rows);
    CHECK_INT(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Of two of one name that were removed within a second the later one comes back. */
TEST(trash_knows_which_was_removed_last) {
    open_user("trash");
    struct trash_list list = {0};
    struct error error = {0};
    make_folder("trash");
    put_in_trash("trash/one-9", 100);
    put_in_trash("trash/one-10", 900);
    put_in_trash("trash/one-11", 500);
    check_good(trash_list(&home, &list, &error), &error);
    CHECK_INT(list.count, 3);
    CHECK_STRING(strrchr(list.items[0].folder, '/'), "/one-10");
    CHECK_STRING(strrchr(list.items[1].folder, '/'), "/one-11");
    CHECK_INT(list.items[0].removed_ms, 1000900);
    trash_list_done(&list);
    scoped(alloc_release) char *last = home_file(&home, "trash/one-10");
    scoped(file_release) int lock = file_lock_folder(last); /* its remover is not through */
    CHECK(lock >= 0);
    CHECK(!trash_restore(&home, "one", &error));
    CHECK_CONTAINS(error.text, "another process is working on ");
    CHECK(is_there("trash/one-10") && !is_there("instances/one"));
    home_close(&home);
}

TEST(a_foreign_folder_is_not_touched) {
    open_user("foreign");
    make_folder("instances/test");
    touch("instances/test/mine");
    struct instance_create_options options = small("test");
    check_refusal(&options, ERROR_EXISTS, "move it away");
    CHECK(is_there("instances/test/mine"));
    scoped(alloc_release) char *instances = home_file(&home, "instances");
    CHECK_INT(count_entries(instances), 1);
    home_close(&home);
}

int main(void) {
    return test_run();
}
