/* What is put into a table comes back the same, column by column; what is not there is said so;
 * numbers are never used twice; what belongs to an instance goes with it. */
#include "store/event_table.h"
#include "store/forward_table.h"
#include "store/generated_table.h"
#include "store/guest_table.h"
#include "store/launch_table.h"
#include "store/nic_table.h"
#include "store/user_table.h"
#include "store_samples.h"

/* The database is removed with the scratch folder, so each test takes a name of its own. */
static struct store *with_image(const char *name) {
    struct store *store = new_store(name);
    add_image(store);
    return store;
}

/* --- cloud --- */

static void check_cloud(struct store *store, const struct store_cloud *expected) {
    struct store_cloud cloud = {0};
    OK(cloud_table_put(store, expected, &error));
    OK(cloud_table_get(store, &cloud, &error));
    CHECK_STRING(cloud.name, expected->name);
    CHECK_STRING(cloud.admin_password_hash, expected->admin_password_hash);
    CHECK_STRING(cloud.ssh_public_key, expected->ssh_public_key);
    CHECK_STRING(cloud.ssh_public_key_path, expected->ssh_public_key_path);
    CHECK_STRING(cloud.ssh_private_key_path, expected->ssh_private_key_path);
    CHECK_INT(cloud.mac_base, expected->mac_base);
    CHECK_INT(cloud.created_ms, expected->created_ms);
    CHECK_STRING(cloud.network, expected->network);
    CHECK_STRING(cloud.interface, expected->interface);
    CHECK_STRING(cloud.host_ip4, expected->host_ip4);
    CHECK_STRING(cloud.host_nm4, expected->host_nm4);
    CHECK_STRING(cloud.host_gw4, expected->host_gw4);
    CHECK_STRING(cloud.host_ns4, expected->host_ns4);
    CHECK_INT(cloud.phone_home_port, expected->phone_home_port);
    CHECK_STRING(cloud.dns_server, expected->dns_server);
    CHECK_STRING(cloud.dns_zone, expected->dns_zone);
    CHECK_STRING(cloud.dns_key_path, expected->dns_key_path);
    store_cloud_done(&cloud);
    CHECK(!cloud.name);
}

TEST(cloud_comes_back) {
    struct store *store = new_store("cloud");
    struct store_cloud cloud = {0};
    FAILS(cloud_table_get(store, &cloud, &error), ERROR_NOT_FOUND, "`pgsup cloud create`");
    check_cloud(store, &full_cloud);
    check_cloud(store, &bare_cloud); /* replaced, every column of it */
    check_cloud(store, &full_cloud);
    store_close(store);
}

/* --- images --- */

static void check_image(struct store *store, const struct store_image *expected) {
    struct store_image image = *expected, read = {0};
    OK(image_table_add(store, &image, &error));
    OK(image_table_get(store, expected->name, &read, &error));
    CHECK_INT(read.id, image.id);
    CHECK_STRING(read.name, expected->name);
    CHECK_STRING(read.file, expected->file);
    CHECK_STRING(read.format, expected->format);
    CHECK_STRING(read.arch, expected->arch);
    CHECK_STRING(read.sha256, expected->sha256);
    CHECK_STRING(read.origin, expected->origin);
    CHECK_STRING(read.seed_source, expected->seed_source);
    CHECK_STRING(read.default_user, expected->default_user);
    CHECK_INT(read.min_disk_bytes, expected->min_disk_bytes);
    CHECK_INT(read.min_ram_mib, expected->min_ram_mib);
    CHECK_INT(read.phones_home, expected->phones_home);
    CHECK_INT(read.checked_ms, expected->checked_ms);
    CHECK_INT(read.file_bytes, expected->file_bytes);
    CHECK_INT(read.virtual_bytes, expected->virtual_bytes);
    CHECK_INT(read.created_ms, expected->created_ms);
    store_image_done(&read);
}

TEST(images_come_back_by_name) {
    struct store *store = new_store("images");
    struct store_images images = {0};
    OK(image_table_list(store, &images, &error));
    CHECK_INT(images.count, 0);
    check_image(store, &full_image);
    check_image(store, &bare_image);
    OK(image_table_list(store, &images, &error));
    CHECK_INT(images.count, 2);
    CHECK_STRING(images.items[0].name, "bare");
    CHECK_STRING(images.items[1].name, "debian-12");
    store_images_done(&images);
    store_close(store);
}

TEST(images_that_are_not_there_or_there_already) {
    struct store *store = with_image("images-wrong");
    struct store_image image = {0}, again = full_image;
    FAILS(image_table_get(store, "x", &image, &error), ERROR_NOT_FOUND, "no image \"x\"");
    FAILS(image_table_remove(store, "x", &error), ERROR_NOT_FOUND, "no image \"x\"");
    again.file = "other.qcow2";
    FAILS(image_table_add(store, &again, &error), ERROR_EXISTS, "images.name");
    again.name = "other";
    again.file = full_image.file;
    FAILS(image_table_add(store, &again, &error), ERROR_EXISTS, "images.file");
    OK(image_table_remove(store, "debian-12", &error));
    FAILS(image_table_get(store, "debian-12", &image, &error), ERROR_NOT_FOUND, "debian-12");
    store_close(store);
}

TEST(an_image_in_use_stays) {
    struct store *store = with_image("image-in-use");
    int64_t id = add_instance(store, "a", NULL);
    FAILS(image_table_remove(store, "debian-12", &error), ERROR_WRONG_STATE, "still refers to it");
    OK(instance_table_remove(store, id, &error));
    OK(image_table_remove(store, "debian-12", &error));
    store_close(store);
}

/* --- instances --- */

static void check_settings(const struct store_instance *read, const struct store_instance *wanted) {
    CHECK_STRING(read->name, wanted->name);
    CHECK_STRING(read->seed, wanted->seed);
    CHECK_STRING(read->ip4, wanted->ip4);
    CHECK_STRING(read->accel, wanted->accel);
    CHECK_INT(read->vcpu, wanted->vcpu);
    CHECK_INT(read->ram_mib, wanted->ram_mib);
    CHECK_INT(read->disk_bytes, wanted->disk_bytes);
    CHECK_INT(read->ssh_port, wanted->ssh_port);
    CHECK_INT(read->package_upgrade, wanted->package_upgrade);
    CHECK_INT(read->autostart, wanted->autostart);
    CHECK_STRING(read->restart, wanted->restart);
    CHECK_STRING(read->after, wanted->after);
    CHECK_INT(read->wanted, wanted->wanted);
}

static void check_identity(const struct store_instance *read, const struct store_instance *wanted) {
    CHECK_INT(read->id, wanted->id);
    CHECK_STRING(read->instance_id, wanted->instance_id);
    CHECK_STRING(read->uuid, wanted->uuid);
    CHECK_STRING(read->token, wanted->token);
    CHECK_STRING(read->mac, wanted->mac);
    CHECK_STRING(read->image, wanted->image);
    CHECK_STRING(read->arch, "aarch64");
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
                                     .seed = "http",
                                     .restart = "no",
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

TEST(instances_that_are_not_there) {
    struct store *store = with_image("no-instance");
    struct store_instance read = full_instance;
    FAILS(instance_table_get(store, "x", &read, &error), ERROR_NOT_FOUND, "no instance \"x\"");
    FAILS(instance_table_update(store, &read, &error), ERROR_NOT_FOUND, "not in the store");
    FAILS(instance_table_set_wanted(store, 9, true, &error), ERROR_NOT_FOUND, "not in the store");
    FAILS(instance_table_remove(store, 9, &error), ERROR_NOT_FOUND, "not in the store");
    struct error error = {0};
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
                                       .seed = "http",
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
                                  .seed = "http",
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
        OK(event_table_add(store, id, 1, "state", "started", &error));
    }
    OK(instance_table_remove(store, gone, &error));
    for (int64_t id = gone; id <= stays; id++) {
        struct store_launches launches = {0};
        struct store_guest read = {0};
        struct store_events events = {0};
        OK(launch_table_list(store, id, 10, &launches, &error));
        OK(guest_table_get(store, id, &read, &error));
        OK(generated_table_get(store, id, "vm.sh", digest, &error));
        OK(event_table_list(store, id, 0, 0, 10, &events, &error));
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

/* --- launches --- */

static void check_launch(const struct store_launch *read, const struct store_launch *wanted) {
    CHECK_INT(read->number, wanted->number);
    CHECK_INT(read->instance, wanted->instance);
    CHECK_STRING(read->tag, wanted->tag);
    CHECK_INT(read->pid, wanted->pid);
    CHECK(read->pid_start == wanted->pid_start);
    CHECK_STRING(read->state, wanted->state);
    CHECK_STRING(read->reason, wanted->reason);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        CHECK_INT(read->phases_ms[phase], wanted->phases_ms[phase]);
    CHECK_INT(read->ended_ms, wanted->ended_ms);
    CHECK_STRING(read->end_cause, wanted->end_cause);
    CHECK_STRING(read->end_text, wanted->end_text);
    CHECK_STRING(read->serial_tail, wanted->serial_tail);
    CHECK_INT(read->presses, wanted->presses);
}

TEST(launches_come_back_and_are_tagged) {
    struct store *store = with_image("launches");
    int64_t id = add_instance(store, "a", NULL);
    struct store_launch bare = {0}, full = {0}, read = {0};
    FAILS(launch_table_last(store, id, &read, &error), ERROR_NOT_FOUND, "never started");
    OK(launch_table_add(store, id, &bare, &error));
    CHECK_STRING(bare.tag, "1");
    OK(launch_table_last(store, id, &read, &error));
    check_launch(&read, &bare);
    store_launch_done(&read);
    full = (struct store_launch){.tag = alloc_string("sh77")};
    OK(launch_table_add(store, id, &full, &error));
    struct store_launch wanted = {.number = full.number,
                                  .instance = id,
                                  .tag = full.tag,
                                  .pid = 77,
                                  .pid_start = UINT64_MAX,
                                  .state = "failed",
                                  .reason = "because",
                                  .ended_ms = 99,
                                  .end_cause = "signal 9",
                                  .end_text = "QEMU died",
                                  .serial_tail = "panic\nhalt",
                                  .presses = 3};
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        wanted.phases_ms[phase] = 1000 + phase;
    OK(launch_table_put(store, &wanted, &error));
    OK(launch_table_last(store, id, &read, &error));
    check_launch(&read, &wanted);
    store_launch_done(&read);
    store_launch_done(&bare);
    store_launch_done(&full);
    store_close(store);
}

TEST(launches_come_newest_first_and_no_more_than_asked) {
    struct store *store = with_image("launch-list");
    int64_t id = add_instance(store, "a", NULL), other = add_instance(store, "b", NULL);
    for (int i = 0; i < 6; i++) {
        struct store_launch launch = {0};
        OK(launch_table_add(store, i % 2 ? other : id, &launch, &error));
        store_launch_done(&launch);
    }
    struct store_launches launches = {0};
    OK(launch_table_list(store, id, 2, &launches, &error));
    CHECK_INT(launches.count, 2);
    CHECK_INT(launches.items[0].number, 5);
    CHECK_INT(launches.items[1].number, 3);
    store_launches_done(&launches);
    store_close(store);
}

TEST(phases_have_words) {
    CHECK_STRING(store_phase_word(PHASE_LAUNCHED), "launched");
    CHECK_STRING(store_phase_word(PHASE_PHONE_HOME), "phone-home");
    CHECK_STRING(store_phase_word(PHASE_PROVISIONED), "provisioned");
}

/* --- guests and generated files --- */

TEST(guests_come_back) {
    struct store *store = with_image("guests");
    int64_t id = add_instance(store, "a", NULL);
    static const struct store_guest rows[] = {
        {0},
        {.phoned_home_ms = 5,
         .instance_id = "i-1-a",
         .hostname = "a",
         .address = "10.0.2.15",
         .address_source = "phone-home",
         .address_ms = 4,
         .host_keys = "ssh-rsa AA\nssh-ed25519 BB",
         .provisioned_ms = 6,
         .provision_result = "failed: no"},
        {0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct store_guest read = {.provisioned_ms = 77};
        if (i > 0)
            OK(guest_table_put(store, id, &rows[i], &error));
        OK(guest_table_get(store, id, &read, &error)); /* first: without a row */
        CHECK_INT(read.phoned_home_ms, rows[i].phoned_home_ms);
        CHECK_STRING(read.instance_id, rows[i].instance_id);
        CHECK_STRING(read.hostname, rows[i].hostname);
        CHECK_STRING(read.address, rows[i].address);
        CHECK_STRING(read.address_source, rows[i].address_source);
        CHECK_INT(read.address_ms, rows[i].address_ms);
        CHECK_STRING(read.host_keys, rows[i].host_keys);
        CHECK_INT(read.provisioned_ms, rows[i].provisioned_ms);
        CHECK_STRING(read.provision_result, rows[i].provision_result);
        store_guest_done(&read);
    }
    FAILS(guest_table_put(store, 99, &rows[1], &error), ERROR_WRONG_STATE, "is gone");
    store_close(store);
}

TEST(an_address_comes_before_a_phone_home_or_corrects_it) {
    struct store *store = with_image("addresses");
    int64_t id = add_instance(store, "a", NULL);
    struct store_guest first = {
        .address = "10.7.0.4", .address_source = "neighbour", .address_ms = 9};
    struct store_guest home = {.phoned_home_ms = 5, .hostname = "a", .address = "10.7.0.5"};
    struct store_guest read = {0};
    OK(guest_table_set_address(store, id, &first, &error));
    OK(guest_table_get(store, id, &read, &error));
    CHECK_STRING(read.address, "10.7.0.4");
    CHECK_INT(read.phoned_home_ms, 0);
    store_guest_done(&read);
    OK(guest_table_put(store, id, &home, &error));
    OK(guest_table_set_address(store, id, &first, &error));
    OK(guest_table_get(store, id, &read, &error));
    CHECK_STRING(read.hostname, "a");
    CHECK_STRING(read.address, "10.7.0.4");
    CHECK_STRING(read.address_source, "neighbour");
    CHECK_INT(read.address_ms, 9);
    store_guest_done(&read);
    store_close(store);
}

TEST(users_come_back_by_name) {
    struct store *store = with_image("users");
    struct store_users users = {0};
    struct store_user last = {(char *)"zoe", (char *)"ssh-ed25519 A"};
    struct store_user first = {(char *)"anna", (char *)"ssh-ed25519 B\nssh-rsa C"};
    struct store_user changed = {(char *)"zoe", (char *)"ssh-ed25519 D"};
    OK(user_table_put(store, &last, &error));
    OK(user_table_put(store, &first, &error));
    OK(user_table_put(store, &changed, &error));
    OK(user_table_list(store, &users, &error));
    CHECK_INT(users.count, 2);
    CHECK_STRING(users.items[0].name, "anna");
    CHECK_STRING(users.items[0].ssh_public_keys, "ssh-ed25519 B\nssh-rsa C");
    CHECK_STRING(users.items[1].ssh_public_keys, "ssh-ed25519 D");
    store_users_done(&users);
    OK(user_table_remove(store, "anna", &error));
    FAILS(user_table_remove(store, "anna", &error), ERROR_NOT_FOUND, "\"anna\"");
    store_close(store);
}

TEST(digests_come_back) {
    static const char sum[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    struct store *store = with_image("generated");
    int64_t id = add_instance(store, "a", NULL);
    char digest[SECRET_SHA256_SIZE] = "unchanged";
    OK(generated_table_get(store, id, "vm.sh", digest, &error));
    CHECK_STRING(digest, "");
    OK(generated_table_put(store, id, "vm.sh", "old", &error));
    OK(generated_table_put(store, id, "vm.sh", sum, &error));
    OK(generated_table_put(store, id, "cloud-init/user-data", "other", &error));
    OK(generated_table_get(store, id, "vm.sh", digest, &error));
    CHECK_STRING(digest, sum);
    store_close(store);
}

/* --- events --- */

TEST(events_come_back_oldest_first) {
    struct store *store = with_image("events");
    int64_t id = add_instance(store, "a", NULL);
    OK(event_table_add(store, 0, 10, "state", "of the supervisor", &error));
    OK(event_table_add(store, id, 20, "qmp", "first", &error));
    OK(event_table_add(store, id, 30, "qmp", "second", &error));
    struct store_events events = {0};
    OK(event_table_list(store, 0, 0, 0, 10, &events, &error));
    CHECK_INT(events.count, 3);
    CHECK_INT(events.items[0].instance, 0);
    CHECK_STRING(events.items[0].name, NULL);
    CHECK_STRING(events.items[0].text, "of the supervisor");
    CHECK_INT(events.items[1].instance, id);
    CHECK_INT(events.items[1].at_ms, 20);
    CHECK_STRING(events.items[1].name, "a");
    CHECK_STRING(events.items[1].kind, "qmp");
    CHECK(events.items[0].id < events.items[1].id && events.items[1].id < events.items[2].id);
    int64_t middle = events.items[1].id;
    store_events_done(&events);
    static const struct {
        int64_t after, since;
        unsigned limit;
        bool one;
        size_t count;
    } asked[] = {{0, 0, 10, true, 2},
                 {1, 0, 10, false, 2},
                 {0, 30, 10, false, 1},
                 {0, 0, 1, true, 1},
                 {0, 31, 10, false, 0}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        OK(event_table_list(store, asked[i].one ? id : 0, asked[i].after ? middle - 1 : 0,
                            asked[i].since, asked[i].limit, &events, &error));
        CHECK_INT(events.count, asked[i].count);
        store_events_done(&events);
    }
    store_close(store);
}

static void check_count(struct store *store, int64_t instance, size_t expected, const char *first) {
    struct store_events events = {0};
    OK(event_table_list(store, instance, 0, 0, 3 * EVENT_TABLE_LIMIT, &events, &error));
    CHECK_INT(events.count, expected);
    CHECK_STRING(events.count ? events.items[0].text : NULL, first);
    store_events_done(&events);
}

TEST(no_more_events_than_the_limit_are_kept_of_each) {
    struct store *store = with_image("event-limit");
    int64_t loud = add_instance(store, "loud", NULL), quiet = add_instance(store, "quiet", NULL);
    OK(event_table_add(store, quiet, 1, "state", "quiet", &error));
    OK(store_begin(store, &error));
    for (int i = 0; i < EVENT_TABLE_LIMIT + 500; i++) {
        char text[32];
        snprintf(text, sizeof text, "%d", i);
        OK(event_table_add(store, loud, i, "state", text, &error));
        OK(event_table_add(store, 0, i, "state", text, &error));
    }
    OK(store_commit(store, &error));
    check_count(store, loud, EVENT_TABLE_LIMIT, "500");
    check_count(store, quiet, 1, "quiet");
    check_count(store, 0, 2 * EVENT_TABLE_LIMIT + 1, "quiet");
    OK(instance_table_remove(store, loud, &error));
    OK(instance_table_remove(store, quiet, &error));
    check_count(store, 0, EVENT_TABLE_LIMIT, "500"); /* those of the supervisor are left */
    store_close(store);
}

/* --- forwards --- */

TEST(forwards_come_back_and_are_taken_once) {
    struct store *store = with_image("forwards");
    struct store_instance one = full_instance;
    struct store_forwards forwards = {0};
    bool found = true;
    one.after = NULL;
    OK(instance_table_add(store, &one, &error));
    const struct store_forward web = {one.id, NULL, (char *)"tcp", (char *)"127.0.0.1", 8080, 80};
    struct store_forward dns = {one.id, NULL, (char *)"udp", (char *)"0.0.0.0", 65535, 53};
    OK(forward_table_add(store, &dns, &error));
    OK(forward_table_add(store, &web, &error));
    FAILS(forward_table_add(store, &web, &error), ERROR_EXISTS, "forwards");
    OK(forward_table_list(store, one.id, &forwards, &error));
    CHECK_INT(forwards.count, 2);
    CHECK_STRING(forwards.items[0].name, one.name);
    CHECK_STRING(forwards.items[0].protocol, "tcp");
    CHECK_STRING(forwards.items[0].host_address, "127.0.0.1");
    CHECK_INT(forwards.items[0].host_port, 8080);
    CHECK_INT(forwards.items[0].guest_port, 80);
    CHECK_INT(forwards.items[1].host_port, 65535);
    store_forwards_done(&forwards);
    OK(forward_table_list(store, one.id + 1, &forwards, &error));
    CHECK_INT(forwards.count, 0);
    dns.guest_port = 54; /* another one */
    OK(forward_table_remove(store, &dns, &found, &error));
    CHECK(!found);
    dns.guest_port = 53;
    OK(forward_table_remove(store, &dns, &found, &error));
    CHECK(found);
    OK(instance_table_remove(store, one.id, &error));
    OK(forward_table_list(store, 0, &forwards, &error));
    CHECK_INT(forwards.count, 0);
    store_close(store);
}

/* --- more network cards --- */

TEST(nics_come_back_in_their_order) {
    struct store *store = with_image("nics");
    struct store_instance one = full_instance;
    struct store_nics nics = {0};
    one.after = NULL;
    OK(instance_table_add(store, &one, &error));
    const struct store_nic bare = {one.id, NULL, 2, (char *)"user", NULL, (char *)"52:54:02:0:0:1",
                                   NULL};
    const struct store_nic full = {one.id,
                                   NULL,
                                   1,
                                   (char *)"bridge",
                                   (char *)"br1",
                                   (char *)"52:54:01:0:0:1",
                                   (char *)"10.1.0.5/24"};
    OK(nic_table_add(store, &bare, &error));
    FAILS(nic_table_add(store, &bare, &error), ERROR_EXISTS, "nics");
    OK(nic_table_add(store, &full, &error));
    OK(nic_table_list(store, one.id, &nics, &error));
    CHECK_INT(nics.count, 2);
    CHECK_STRING(nics.items[0].name, one.name);
    CHECK_INT(nics.items[0].position, 1);
    CHECK_STRING(nics.items[0].kind, "bridge");
    CHECK_STRING(nics.items[0].interface, "br1");
    CHECK_STRING(nics.items[0].mac, full.mac);
    CHECK_STRING(nics.items[0].ip4, "10.1.0.5/24");
    CHECK(!nics.items[1].interface && !nics.items[1].ip4);
    store_nics_done(&nics);
    OK(nic_table_remove(store, one.id, 1, &error));
    OK(nic_table_list(store, one.id, &nics, &error));
    CHECK_INT(nics.count, 1);
    CHECK_INT(nics.items[0].position, 2);
    store_nics_done(&nics);
    OK(instance_table_remove(store, one.id, &error));
    OK(nic_table_list(store, 0, &nics, &error));
    CHECK_INT(nics.count, 0);
    store_close(store);
}

int main(void) {
    return test_run();
}
