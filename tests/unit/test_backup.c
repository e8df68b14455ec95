/* The folder that backups are made in: what is left over in it, and what expires. */
#include "backup_home.h"
#include "home/backup/backup_list.h"
#include "home/backup/backup_retention.h"

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
                       backup_retention_expire(making.final, &making.manifest, 2, &error),
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
                   backup_retention_expire(making.final, &making.manifest, keep, &error),
               &error);
    char *path = alloc_string(making.final);
    backup_end(&making);
    return path;
}

/* By another clock: the first digit of its milliseconds, which is 1 by now. */
static void date(const char *folder, char digit) {
    scoped(alloc_release) char *text = read_text(folder, "manifest.json");
    scoped(alloc_release) char *path = alloc_printf("%s/manifest.json", folder);
    strstr(text, "\"created_ms\": ")[strlen("\"created_ms\": ")] = digit;
    scratch_write(path, text, strlen(text), 0600);
}

/* A clock that was set back: those of before neither go nor take the place of what is made now. */
TEST(what_is_dated_later_than_the_new_one_neither_counts_nor_expires) {
    struct store_instance made = {0};
    char *before[3];
    begin("set-back", &made);
    for (size_t i = 0; i < 3; i++)
        date(before[i] = back_up_automatically(9), '9');
    scoped(alloc_release) char *first = back_up_automatically(2);
    scoped(alloc_release) char *second = back_up_automatically(2);
    CHECK(file_exists(first) && file_exists(second));
    scoped(alloc_release) char *third = back_up_automatically(1);
    CHECK(!file_exists(first) && !file_exists(second) && file_exists(third));
    for (size_t i = 0; i < 3; i++) {
        CHECK(file_exists(before[i]));
        free(before[i]);
    }
    end(&made);
}

/* Of two homes that have an instance of this name, with clocks that differ by years. */
TEST(two_homes_in_one_folder_never_touch_what_the_other_has_made) {
    struct store_instance made = {0}, others = {0};
    begin("one-home", &made);
    scoped(alloc_release) char *old = back_up_automatically(1);
    scoped(alloc_release) char *late = back_up_automatically(2);
    date(old, ' ');
    date(late, '9');
    scoped(alloc_release) char *shared = alloc_string(out);
    home_close(&home);
    begin("other-home", &others);
    alloc_replace(&out, alloc_string(shared));
    CHECK(strcmp(made.uuid, others.uuid) != 0);
    scoped(alloc_release) char *first = back_up_automatically(1);
    scoped(alloc_release) char *second = back_up_automatically(1);
    CHECK(strcmp(first, second) != 0 && strcmp(first, late) != 0 && strcmp(second, late) != 0);
    CHECK(!file_exists(first) && file_exists(second));
    CHECK(file_exists(old) && file_exists(late));
    store_instance_done(&made);
    end(&others);
}

static struct store_instance opened(const char *path) {
    struct store_instance instance = {0};
    struct error error = {0};
    home_close(&home);
    check_good(home_open(path, &home, &error) &&
                   instance_table_get(home.store, "test", &instance, &error),
               &error);
    return instance;
}

/* Of a home that was renamed they are its own. */
TEST(a_copied_home_never_touches_what_the_original_has_made) {
    struct store_instance made = {0};
    begin("original", &made);
    scoped(alloc_release) char *path = alloc_string(home.path);
    scoped(alloc_release) char *renamed = scratch_path("renamed-home");
    scoped(alloc_release) char *copy = scratch_path("copied-home");
    scoped(alloc_release) char *first = back_up_automatically(1);
    char *argv[] = {"cp", "-a", path, copy, NULL};
    run_program(argv);
    CHECK(rename(path, renamed) == 0);
    struct store_instance copied = opened(copy);
    CHECK_STRING(copied.uuid, made.uuid);
    scoped(alloc_release) char *others = back_up_automatically(1);
    CHECK(file_exists(first) && file_exists(others));
    struct store_instance same = opened(renamed);
    scoped(alloc_release) char *second = back_up_automatically(1);
    CHECK(!file_exists(first) && file_exists(others) && file_exists(second));
    store_instance_done(&copied);
    store_instance_done(&same);
    end(&made);
}

/* Else it is removed by two at once, of which one would fail. */
TEST(what_expires_is_locked_from_whoever_removes_what_is_left) {
    struct store_instance made = {0};
    struct backup_options options = {.kind = BACKUP_THIN, .automatic = true, .pgsup = "1.0"};
    struct backup_making making = {.home = &home, .options = &options, .lock = -1};
    struct error error = {0};
    begin("locked", &made);
    options.folder = out;
    scoped(alloc_release) char *first = back_up_automatically(1);
    scoped(file_release) int lock = file_lock_folder(first);
    check_good(backup_begin(&making, "test", &error) && backup_copy_disks(&making, &error) &&
                   backup_finish(&making, BACKUP_STOPPED, &error),
               &error);
    CHECK(!backup_retention_expire(making.final, &making.manifest, 1, &error));
    CHECK_CONTAINS(error.text, "cannot remove ");
    CHECK(file_exists(first));
    file_release(&lock);
    error_clear(&error);
    check_good(backup_retention_expire(making.final, &making.manifest, 1, &error), &error);
    CHECK(!file_exists(first));
    backup_end(&making);
    end(&made);
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
    scoped(alloc_release) char *third = back_up_automatically(1);
    scoped(alloc_release) char *last = back_up_automatically(1);
    CHECK(file_exists(kept) && file_exists(like));
    CHECK(file_exists(last) && !file_exists(third));
    end(&made);
}

int main(void) {
    return test_run();
}
