/* A rename beside other work on the instance: a command that knows its former name neither moves
 * its folder back nor takes from the rename what it needs, and makes no folder in its place. */
#include "home/change/remove.h"
#include "home/change/rename.h"
#include "home/instance/recovery.h"
#include "instance_samples.h"

static bool is_there(const char *relative) {
    scoped(alloc_release) char *path = home_file(&home, relative);
    return file_exists(path);
}

/* Between the two steps: it is marked and recorded, and its folder has moved or not. */
static char *rename_halfway(const struct store_instance *instance, const char *name, bool moved) {
    struct error error = {0};
    struct store_instance renamed = *instance;
    scoped(alloc_release) char *from = home_instance_folder(&home, instance->name);
    scoped(alloc_release) char *to = home_instance_folder(&home, name);
    scoped(alloc_release) char *mark = recovery_rename_mark(from, instance->id);
    scratch_write(mark, "", 0, 0600);
    renamed.name = (char *)name;
    check_good(instance_table_update(home.store, &renamed, &error), &error);
    CHECK(!moved || rename(from, to) == 0);
    return recovery_rename_mark(moved ? to : from, instance->id);
}

TEST(a_row_of_before_moves_nothing) {
    open_user("stale");
    struct store_instance before = {0}, now = {0};
    struct error error = {0};
    make("one", NULL, &before);
    scoped(alloc_release) char *mark = rename_halfway(&before, "two", true);
    CHECK(!recovery_complete_rename(&home, &before, &error));
    CHECK_CONTAINS(error.text, "no instance \"one\"");
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    CHECK(is_there("instances/two/os.qcow2") && !is_there("instances/one") && file_exists(mark));
    /* Nor does it remove the one that has another name by now. */
    error_clear(&error);
    CHECK(!instance_remove(&home, &before, &error));
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    error_clear(&error);
    check_good(instance_table_get(home.store, "two", &now, &error), &error);
    store_instance_done(&now);
    store_instance_done(&before);
    home_close(&home);
}

TEST(the_mark_stays_for_the_rename_that_has_the_lock) {
    open_user("mark");
    struct store_instance before = {0}, now = {0};
    struct error error = {0};
    make("one", NULL, &before);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "one");
    scoped(alloc_release) char *mark = recovery_rename_mark(folder, before.id);
    scratch_write(mark, "", 0, 0600);
    check_good(recovery_complete_rename(&home, &before, &error), &error);
    CHECK(file_exists(mark));
    /* What was killed before its folder moved is completed, and the mark goes with the lock. */
    scoped(alloc_release) char *again = rename_halfway(&before, "two", false);
    CHECK(file_exists(again));
    check_good(instance_table_get(home.store, "two", &now, &error), &error);
    check_good(recovery_complete_rename(&home, &now, &error), &error);
    CHECK(is_there("instances/two/os.qcow2") && !is_there("instances/one"));
    recovery_end_rename(&home, &now);
    scoped(alloc_release) char *moved = home_instance_folder(&home, "two");
    scoped(alloc_release) char *last = recovery_rename_mark(moved, now.id);
    CHECK(!file_exists(last));
    store_instance_done(&now);
    store_instance_done(&before);
    home_close(&home);
}

TEST(no_folder_is_made_in_the_place_of_an_instance) {
    open_user("place");
    struct error error = {0};
    scoped(alloc_release) char *deep = home_file(&home, "instances/gone/snapshots/a");
    scoped(alloc_release) char *stage = home_file(&home, "instances/.new-a/cloud-init");
    CHECK(!home_make_folder(&home, deep, &error));
    CHECK_CONTAINS(error.text, "/instances/gone is gone: its instance was renamed or removed");
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    CHECK(!is_there("instances/gone"));
    error_clear(&error);
    check_good(home_make_folder(&home, stage, &error), &error);
    home_close(&home);
}

int main(void) {
    return test_run();
}
