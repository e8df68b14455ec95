/* Snapshots and freezes: what is put in comes back, and goes with its instance. */
#include "store/backup_table.h"
#include "store/freeze_table.h"
#include "store/schedule_table.h"
#include "store/snapshot_table.h"
#include "store/transaction.h"
#include "store_samples.h"

static struct store_snapshot_disk two_disks[] = {{"", UINT64_C(10) << 30}, {"data", 1 << 20}};
static const struct store_snapshot full = {
    .instance = 1,
    .name = "before-upgrade",
    .state = STORE_SNAPSHOT_MAKING,
    .origin = STORE_SNAPSHOT_AUTOMATIC,
    .consistency = STORE_SNAPSHOT_FROZEN,
    .comment = "it's fine",
    .identity = "i-1-test",
    .created_ms = 1763900000123,
    .has_guest = true,
    .guest = {.phoned_home_ms = 5,
              .instance_id = "i-1-test",
              .hostname = "test",
              .host_keys = "ssh-ed25519 AAAA",
              .trusts_cache = true},
    .disks = two_disks,
    .disk_count = 2,
};

static void check_snapshot(const struct store_snapshot *read, const struct store_snapshot *wanted) {
    CHECK_INT(read->instance, wanted->instance);
    CHECK_STRING(read->instance_name, "test");
    CHECK_STRING(read->name, wanted->name);
    CHECK_INT(read->state, wanted->state);
    CHECK_INT(read->origin, wanted->origin);
    CHECK_INT(read->consistency, wanted->consistency);
    CHECK_STRING(read->comment, wanted->comment);
    CHECK_STRING(read->identity, wanted->identity);
    CHECK_INT(read->created_ms, wanted->created_ms);
    CHECK_INT(read->has_guest, wanted->has_guest);
    CHECK_INT(read->guest.phoned_home_ms, wanted->guest.phoned_home_ms);
    CHECK_STRING(read->guest.instance_id, wanted->guest.instance_id);
    CHECK_STRING(read->guest.hostname, wanted->guest.hostname);
    CHECK_STRING(read->guest.host_keys, wanted->guest.host_keys);
    CHECK_INT(read->guest.trusts_cache, wanted->guest.trusts_cache);
    CHECK_INT(read->disk_count, wanted->disk_count);
    for (size_t i = 0; i < read->disk_count && i < wanted->disk_count; i++) {
        CHECK_STRING(read->disks[i].name, wanted->disks[i].name);
        CHECK_INT(read->disks[i].bytes, wanted->disks[i].bytes);
    }
}

TEST(a_snapshot_comes_back) {
    struct store *store = with_image("snapshots");
    struct store_snapshots list = {0};
    struct store_snapshot bare = {
        .instance = 1, .name = "bare", .identity = "", .state = STORE_SNAPSHOT_KEPT};
    OK(instance_table_add(store, &full_instance, &error));
    OK(snapshot_table_add(store, &full, &error));
    OK(snapshot_table_add(store, &bare, &error));
    OK(snapshot_table_list(store, 0, &list, &error));
    CHECK_INT(list.count, 2);
    check_snapshot(&list.items[0], &bare);
    check_snapshot(&list.items[1], &full);
    store_snapshots_done(&list);

    struct store_snapshot kept = full;
    kept.state = STORE_SNAPSHOT_KEPT;
    kept.consistency = STORE_SNAPSHOT_CRASH;
    OK(snapshot_table_set_state(store, &kept, &error));
    OK(snapshot_table_remove(store, &bare, &error));
    OK(snapshot_table_list(store, 1, &list, &error));
    CHECK_INT(list.count, 1);
    check_snapshot(&list.items[0], &kept);
    store_snapshots_done(&list);
    OK(snapshot_table_list(store, 2, &list, &error));
    CHECK_INT(list.count, 0);
    FAILS(snapshot_table_add(store, &full, &error), ERROR_EXISTS, "");
    store_close(store);
}

TEST(both_go_with_their_instance) {
    struct store *store = with_image("gone");
    struct store_snapshots list = {0};
    struct store_freezes freezes = {0};
    OK(instance_table_add(store, &full_instance, &error));
    OK(snapshot_table_add(store, &full, &error));
    OK(freeze_table_put(store, &(struct store_freeze){1, 5}, &error));
    OK(freeze_table_put(store, &(struct store_freeze){1, 6}, &error));
    OK(freeze_table_list(store, 0, &freezes, &error));
    CHECK_INT(freezes.count, 1);
    CHECK_INT(freezes.items[0].began_ms, 6);
    store_freezes_done(&freezes);
    OK(instance_table_remove(store, 1, &error));
    OK(freeze_table_list(store, 0, &freezes, &error));
    OK(snapshot_table_list(store, 0, &list, &error));
    CHECK_INT(freezes.count + list.count, 0);
    OK(freeze_table_remove(store, 1, &error));
    store_close(store);
}

TEST(the_last_automatic_one_is_told) {
    struct store *store = with_image("schedules");
    struct store_schedules list = {0};
    struct store_snapshot later = full;
    OK(instance_table_add(store, &full_instance, &error));
    OK(schedule_table_list(store, &list, &error));
    CHECK_INT(list.count, 1);
    CHECK_STRING(list.items[0].name, "test");
    CHECK_INT(list.items[0].every_s, 86400);
    CHECK_INT(list.items[0].last_ms, 0);
    store_schedules_done(&list);
    OK(snapshot_table_add(store, &full, &error));
    later.name = "by-hand";
    later.origin = STORE_SNAPSHOT_BY_USER;
    later.created_ms++;
    OK(snapshot_table_add(store, &later, &error));
    OK(schedule_table_list(store, &list, &error));
    CHECK_INT(list.items[0].last_ms, full.created_ms);
    store_schedules_done(&list);
    later.name = "of-a-clock-that-was-ahead";
    later.origin = STORE_SNAPSHOT_AUTOMATIC;
    later.created_ms = 32503680000000; /* the year 3000 */
    OK(snapshot_table_add(store, &later, &error));
    OK(schedule_table_list(store, &list, &error));
    CHECK_INT(list.items[0].last_ms, full.created_ms);
    store_schedules_done(&list);
    struct store_backup backup = {.instance = 1, .every_s = 60, .keep = 1, .made_ms = 7};
    OK(backup_table_put(store, &backup, &error)); /* without a folder there is none */
    OK(schedule_table_list(store, &list, &error));
    CHECK_INT(list.count, 1);
    store_schedules_done(&list);
    backup.folder = "/backups";
    OK(backup_table_put(store, &backup, &error));
    OK(schedule_table_list(store, &list, &error));
    CHECK_INT(list.count, 2);
    CHECK_INT(list.items[1].kind, STORE_SCHEDULE_BACKUP);
    CHECK_INT(list.items[1].every_s, 60);
    CHECK_INT(list.items[1].last_ms, 7);
    store_schedules_done(&list);
    store_close(store);
}

int main(void) {
    return test_run();
}
