/* The folder that backups are made in: what is left over in it, and what expires. */
#include "backup_home.h"
#include "home/backup/backup_list.h"

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
