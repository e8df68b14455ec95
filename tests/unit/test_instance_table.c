/* Instances: what is put in comes back the same, column by column. */
#include "store/event_table.h"
#include "store/generated_table.h"
#include "store/guest_table.h"
#include "store/launch_table.h"
#include "store_samples.h"

static void check_settings(const struct store_instance *read, const struct store_instance *wanted) {
    CHECK_STRING(read->name, wanted->name);
    CHECK_INT(read->seed, wanted->seed);
    CHECK_STRING(read->ip4, wanted->ip4);
    CHECK_STRING(read->accel, wanted->accel);
    CHECK_INT(read->vcpu, wanted->vcpu);
    CHECK_INT(read->ram_mib, wanted->ram_mib);
    CHECK_INT(read->disk_bytes, wanted->disk_bytes);
    CHECK_INT(read->ssh_port, wanted->ssh_port);
    CHECK_INT(read->package_upgrade, wanted->package_upgrade);
    CHECK_INT(read->autostart, wanted->autostart);
    CHECK_INT(read->nested, wanted->nested);
    CHECK_INT(read->restart, wanted->restart);
    CHECK_STRING(read->after, wanted->after);
    CHECK_INT(read->wanted, wanted->wanted);
    CHECK_STRING(read->groups, wanted->groups);
    CHECK_STRING(read->variables, wanted->variables);
    CHECK_INT(read->snapshot_every_s, wanted->snapshot_every_s);
    CHECK_INT(read->snapshot_keep, wanted->snapshot_keep);
}

static void check_identity(const struct store_instance *read, const struct store_instance *wanted) {
    CHECK_INT(read->id, wanted->id);
    CHECK_STRING(read->instance_id, wanted->instance_id);
    CHECK_STRING(read->uuid, wanted->uuid);
    CHECK_STRING(read->token, wanted->token);
    CHECK_STRING(read->phone_home_token, wanted->phone_home_token);
    CHECK_STRING(read->report_token, wanted->report_token);
    CHECK_INT(read->holds_playbook, wanted->holds_playbook);
    CHECK_STRING(read->mac, wanted->mac);
    CHECK_STRING(read->image, wanted->image);
    CHECK_STRING(read->arch, "aarch64");
    CHECK_STRING(read->machine, wanted->machine);
    CHECK_INT(read->created_ms, wanted->created_ms);
}

static void check_instance(struct store *store, const struct store_instance *wanted) {
    struct store_instance read = {0};
    OK(instance_table_get(store, wanted->name, &read, &error));
    check_identity(&read, wanted);
    check_settings(&read, wanted);
    store_instance_done(&read);
    OK(instance_table_get_by_token(store, wanted->token, &read, &error));
    check_identity(&read, wanted);
    check_settings(&read, wanted);
    store_instance_done(&read);
    CHECK(!read.name);
}

TEST(each_token_finds_its_instance_in_its_own_way) {
    struct store *store = with_image("tokens");
    struct store_instance read = {0};
    add_instance(store, "one-token-for-all", NULL);
    struct store_instance other = full_instance;
    other.id = 2;
    OK(instance_table_add(store, &other, &error));
    OK(instance_table_get_by_phone_home_token(store, other.phone_home_token, &read, &error));
    check_identity(&read, &other);
    store_instance_done(&read);
    FAILS(instance_table_get_by_token(store, other.phone_home_token, &read, &error),
          ERROR_NOT_FOUND, "no instance has this seed path");
    FAILS(instance_table_get_by_phone_home_token(store, other.token, &read, &error),
          ERROR_NOT_FOUND, "no instance has this seed path");
    store_close(store);
}

TEST(instances_come_back) {
    struct store *store = with_image("instances");
    OK(instance_table_add(store, &full_instance, &error));
    check_instance(store, &full_instance);
    struct store_instance second = full_instance;
    second = (struct store_instance){.id = 2,
                                     .name = "b",
                                     .instance_id = "i-2-b",
                                     .uuid = "u",
                                     .token = "t",
                                     .mac = "m",
                                     .image = "debian-12",
                                     .seed = STORE_SEED_HTTP,
                                     .restart = STORE_RESTART_NO,
                                     .after = "test"};
    OK(instance_table_add(store, &second, &error));
    check_instance(store, &second);
    struct store_instances all = {0};
    OK(instance_table_list(store, &all, &error));
    CHECK_INT(all.count, 2);
    CHECK_STRING(all.items[0].name, "b");
    check_settings(&all.items[1], &full_instance);
    store_instances_done(&all);
    store_close(store);
}

TEST(an_update_changes_settings_and_leaves_the_identity) {
    struct store *store = with_image("update");
    add_instance(store, "first", NULL);
    int64_t id = add_instance(store, "old", NULL);
    struct store_instance before = {0}, wanted = full_instance, after = {0};
    OK(instance_table_get(store, "old", &before, &error));
    wanted.id = id;
    wanted.name = "new";
    wanted.after = "first";
    OK(instance_table_update(store, &wanted, &error));
    OK(instance_table_get(store, "new", &after, &error));
    check_settings(&after, &wanted);
    check_identity(&after, &before);
    store_instance_done(&before);
    store_instance_done(&after);
    store_close(store);
}

TEST(wanted_is_kept) {
    struct store *store = with_image("wanted");
    int64_t id = add_instance(store, "a", NULL);
    for (int wanted = 1; wanted >= 0; wanted--) {
        struct store_instance read = {0};
        OK(instance_table_set_wanted(store, id, wanted, &error));
        OK(instance_table_get(store, "a", &read, &error));
        CHECK_INT(read.wanted, wanted);
        store_instance_done(&read);
    }
    store_close(store);
}

TEST(the_type_of_a_machine_is_recorded_and_forgotten) {
    struct store *store = with_image("machine");
    int64_t id = add_instance(store, "a", NULL);
    static const char *const types[] = {NULL, "virt-7.2", NULL};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct store_instance read = {0};
        OK(instance_table_set_machine(store, id, types[i], &error));
        OK(instance_table_update(store, &(struct store_instance){.id = id, .name = "a"}, &error));
        OK(instance_table_get(store, "a", &read, &error));
        CHECK_STRING(read.machine, types[i]);
        store_instance_done(&read);
    }
    store_close(store);
}

TEST(instances_that_are_not_there) {
    struct store *store = with_image("no-instance");
    struct store_instance read = full_instance;
    FAILS(instance_table_get(store, "x", &read, &error), ERROR_NOT_FOUND, "no instance \"x\"");
    FAILS(instance_table_update(store, &read, &error), ERROR_NOT_FOUND, "not in the store");
    FAILS(instance_table_set_wanted(store, 9, true, &error), ERROR_NOT_FOUND, "not in the store");
    FAILS(instance_table_remove(store, 9, &error), ERROR_NOT_FOUND, "not in the store");
    struct error error = {0};
    CHECK(!instance_table_get_by_phone_home_token(store, "secret-token", &read, &error));
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    error_clear(&error);
    CHECK(!instance_table_get_by_token(store, "secret-token", &read, &error));
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    CHECK(!strstr(error.text, "secret-token"));
    store_close(store);
}

TEST(what_must_be_unique_is_refused_twice) {
    static const char *const columns[] = {"name", "instance_id", "uuid", "token", "mac", "ip4"};
    const struct store_instance *taken = &full_instance;
    char *const values[] = {taken->name,  taken->instance_id, taken->uuid,
                            taken->token, taken->mac,         taken->ip4};
    struct store *store = with_image("unique");
    OK(instance_table_add(store, taken, &error));
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        struct store_instance other = {.id = 2,
                                       .name = "b",
                                       .instance_id = "b",
                                       .uuid = "b",
                                       .token = "b",
                                       .mac = "b",
                                       .image = "debian-12",
                                       .seed = STORE_SEED_HTTP,
                                       .ip4 = "b"};
        char **const slots[] = {&other.name,  &other.instance_id, &other.uuid,
                                &other.token, &other.mac,         &other.ip4};
        *slots[i] = values[i];
        scoped(alloc_release) char *column = alloc_printf("same instances.%s", columns[i]);
        FAILS(instance_table_add(store, &other, &error), ERROR_EXISTS, column);
    }
    struct store_instance port = {.id = 2,
                                  .name = "b",
                                  .instance_id = "b",
                                  .uuid = "b",
                                  .token = "b",
                                  .mac = "b",
                                  .image = "debian-12",
                                  .seed = STORE_SEED_HTTP,
                                  .ssh_port = taken->ssh_port};
    FAILS(instance_table_add(store, &port, &error), ERROR_EXISTS, "ssh_port");
    port.ssh_port = 0;
    port.image = "no-such-image";
    FAILS(instance_table_add(store, &port, &error), ERROR_INVALID, "instances.image");
    store_close(store);
}

TEST(ids_and_numbers_are_never_used_twice) {
    struct store *store = with_image("ids");
    int64_t first = add_instance(store, "a", NULL), second = add_instance(store, "b", NULL);
    struct store_launch launch = {0}, later = {0};
    OK(launch_table_add(store, second, &launch, &error));
    OK(instance_table_remove(store, second, &error));
    store_close(store);
    scoped(alloc_release) char *path = scratch_path("ids");
    OK(store_open(path, STORE_OPEN, &store, &error)); /* nor after a restart */
    int64_t third = add_instance(store, "b", NULL);
    CHECK(first < second && second < third);
    OK(launch_table_add(store, third, &later, &error));
    CHECK(later.number > launch.number);
    store_launch_done(&launch);
    store_launch_done(&later);
    store_close(store);
}

TEST(what_belongs_to_an_instance_goes_with_it) {
    struct store *store = with_image("cascade");
    int64_t gone = add_instance(store, "gone", NULL);
    int64_t stays = add_instance(store, "stays", "gone");
    const struct store_guest guest = {.hostname = "gone"};
    char digest[SECRET_SHA256_SIZE];
    for (int64_t id = gone; id <= stays; id++) {
        struct store_launch launch = {0};
        OK(launch_table_add(store, id, &launch, &error));
        store_launch_done(&launch);
        OK(guest_table_put(store, id, &guest, &error));
        OK(generated_table_put(store, id, "vm.sh", "abc", &error));
        OK(event_table_add(
            store,
            &(struct store_event){
                .instance = id, .at_ms = 1, .kind = STORE_EVENT_STATE, .text = "started"},
            &error));
    }
    OK(instance_table_remove(store, gone, &error));
    for (int64_t id = gone; id <= stays; id++) {
        struct store_launches launches = {0};
        struct store_guest read = {0};
        struct store_events events = {0};
        OK(launch_table_list(store, id, 10, &launches, &error));
        OK(guest_table_get(store, id, &read, &error));
        OK(generated_table_get(store, id, "vm.sh", digest, &error));
        OK(event_table_list(store, &(struct event_query){.instance = id, .limit = 10}, &events,
                            &error));
        CHECK_INT(launches.count, id == stays);
        CHECK_STRING(read.hostname, id == stays ? "gone" : NULL);
        CHECK_STRING(digest, id == stays ? "abc" : "");
        CHECK_INT(events.count, id == stays);
        store_launches_done(&launches);
        store_guest_done(&read);
        store_events_done(&events);
    }
    struct store_instance left = {0};
    OK(instance_table_get(store, "stays", &left, &error));
    CHECK_STRING(left.after, NULL); /* the one that it came after */
    store_instance_done(&left);
    store_close(store);
}

int main(void) {
    return test_run();
}
