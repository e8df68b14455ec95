/* A reset: what is new, what stays, and that one which was interrupted is the old or the new. */
#include "cloud_home.h"
#include "home/change/reset.h"
#include "home/facts.h"
#include "home/instance/definition.h"
#include "home/instance/prepare.h"
#include "home/seed/seed.h"
#include "host/qemu_img.h"
#include "store/guest_table.h"
#include "test.h"

static struct home home;
static char *folder;

static void begin(const char *name, struct store_instance *made) {
    struct cloud_options cloud = user_options();
    struct instance_create_options options = {
        .name = "test", .image = "base", .ram = "64", .disk = "96M", .seed = "drive"};
    make_home(name, &cloud, &home);
    make_instance(&home, &options, made);
    alloc_replace(&folder, home_instance_folder(&home, "test"));
}

static void end(struct store_instance *made) {
    store_instance_done(made);
    home_close(&home);
    alloc_release(&folder);
}

static void put(const char *name, const char *text) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, name);
    scratch_write(path, text, strlen(text), 0600);
}

static bool is_there(const char *name) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, name);
    return file_exists(path);
}

/* Those that it will be given are in their place. */
static bool trusts_old_keys(void) {
    scoped(alloc_release) char *text = read_text(folder, "known_hosts");
    return strstr(text, "old keys") != NULL;
}

static void get(struct store_instance *instance) {
    struct error error = {0};
    check_good(instance_table_get(home.store, "test", instance, &error), &error);
}

/* The disk that a guest wrote to: bigger than one that is new. */
static void use_disk(void) {
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    char *argv[] = {"qemu-io", "-c", "write -P 7 0 4M", disk, NULL};
    run_program(argv);
}

static bool disk_is_new(void) {
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    char *argv[] = {"qemu-io", "-c", "read -P 0 0 4M", disk, NULL};
    struct qemu_img_info info;
    struct error error = {0};
    scoped(buffer_done) struct buffer output = {0};
    check_good(qemu_img_info(disk, &info, &error), &error);
    CHECK(info.virtual_bytes == UINT64_C(96) << 20);
    return program_run(argv, 60000, &output, NULL); /* its status tells whether they are zeros */
}

static void remember_guest(const struct store_instance *instance) {
    struct store_guest guest = {.phoned_home_ms = 1,
                                .instance_id = instance->instance_id,
                                .host_keys = "ssh-ed25519 AAAA\n",
                                .address_source = "user-net"};
    struct error error = {0};
    check_good(guest_table_put(home.store, instance->id, &guest, &error), &error);
}

static int64_t phoned_home_ms(const struct store_instance *instance) {
    struct store_guest guest = {0};
    struct error error = {0};
    check_good(guest_table_get(home.store, instance->id, &guest, &error), &error);
    int64_t at_ms = guest.phoned_home_ms;
    store_guest_done(&guest);
    return at_ms;
}

TEST(makes_a_new_machine_of_the_same_definition) {
    char *notice = NULL;
    struct store_instance before = {0}, after = {0};
    struct error error = {0};
    begin("reset", &before);
    use_disk();
    remember_guest(&before);
    put("known_hosts", "old keys");
    put("qemu.args", "# mine\n");
    check_good(instance_reset(&home, &before, &notice, &error), &error);
    get(&after);
    CHECK(strcmp(before.instance_id, after.instance_id) != 0);
    CHECK(strncmp(after.instance_id, "test-1-", 7) == 0);
    CHECK(strcmp(before.token, after.token) != 0);
    CHECK(strcmp(before.phone_home_token, after.phone_home_token) != 0);
    CHECK(strcmp(before.report_token, after.report_token) != 0);
    CHECK_STRING(after.uuid, before.uuid);
    CHECK_STRING(after.mac, before.mac);
    CHECK_INT(after.ssh_port, before.ssh_port);
    CHECK(disk_is_new());
    CHECK(!trusts_old_keys());
    CHECK(is_there("qemu.args"));
    CHECK_INT(phoned_home_ms(&after), 0);
    scoped(alloc_release) char *meta_data = read_text(folder, "cloud-init/meta-data");
    scoped(alloc_release) char *user_data = read_text(folder, "cloud-init/user-data");
    scoped(alloc_release) char *script = read_text(folder, "vm.sh");
    CHECK_CONTAINS(meta_data, after.instance_id);
    CHECK_CONTAINS(user_data, after.phone_home_token);
    CHECK_CONTAINS(script, after.instance_id);
    CHECK_INT(count_entries(folder), 7);
    store_instance_done(&after);
    end(&before);
}

/* What the seed server serves, the home reads. */
TEST(a_document_is_read_as_long_as_it_is_served) {
    struct store_instance before = {0};
    struct error error = {0};
    char id[DOCUMENT_CHECK_ID_SIZE] = "";
    begin("long", &before);
    size_t length = SEED_DOCUMENT_LIMIT_BYTES - 100;
    scoped(buffer_done) struct buffer text = {0};
    buffer_puts(&text, "instance-id: second-life\n");
    while (text.length < length)
        buffer_puts(&text, "# a comment of a user who has much to say\n");
    put("cloud-init/meta-data", text.data);
    check_good(seed_instance_id(&home, &before, id, &error), &error);
    CHECK_STRING(id, "second-life");
    end(&before);
}

TEST(edited_documents_stay_and_name_the_new_identity) {
    char *notice = NULL;
    struct store_instance before = {0}, after = {0};
    struct error error = {0};
    begin("edited", &before);
    scoped(alloc_release) char *user_data = read_text(folder, "cloud-init/user-data");
    scoped(alloc_release) char *edited = alloc_printf("%s# mine\n", user_data);
    put("cloud-init/user-data", edited);
    put("cloud-init/meta-data", "instance-id: second-life\nlocal-hostname: test\n");
    check_good(instance_reset(&home, &before, &notice, &error), &error);
    get(&after);
    scoped(alloc_release) char *user = read_text(folder, "cloud-init/user-data");
    scoped(alloc_release) char *meta = read_text(folder, "cloud-init/meta-data");
    scoped(alloc_release) char *line = alloc_printf("instance-id: %s\n", after.instance_id);
    CHECK_CONTAINS(user, "# mine");
    CHECK_CONTAINS(user, after.phone_home_token);
    CHECK(!strstr(user, before.phone_home_token));
    CHECK_CONTAINS(meta, line);
    CHECK(strstr(meta, "second-life") == NULL);
    store_instance_done(&after);
    end(&before);
}

/* Killed before the record: the old machine, and nothing is left once somebody looks. */
TEST(one_that_does_not_count_is_swept) {
    struct store_instance before = {0};
    struct instance_facts facts = {0};
    struct instance_plan plan = {0};
    struct error error = {0};
    begin("swept", &before);
    use_disk();
    scoped(alloc_release) char *stage = alloc_printf("%s/.reset-test-1-00000000", folder);
    check_good(file_make_directory(stage, 0700, &error), &error);
    put(".reset-test-1-00000000/os.qcow2", "half a disk");
    put("known_hosts", "keys");
    check_good(instance_prepare(&home, "test", &facts, &plan, &error), &error);
    instance_facts_done(&facts);
    CHECK(!disk_is_new());
    CHECK(is_there("known_hosts"));
    CHECK(!is_there(".reset-test-1-00000000"));
    instance_plan_done(&plan);
    end(&before);
}

/* Killed after the record, before or while files were moved: the next launch is the new machine's.
 */
TEST(one_that_counts_is_completed_at_the_next_launch) {
    struct store_instance before = {0};
    struct instance_facts facts = {0};
    struct instance_plan plan = {0};
    struct error error = {0};
    begin("completed", &before);
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    scoped(alloc_release) char *stage = alloc_printf("%s/.reset-%s", folder, before.instance_id);
    scoped(alloc_release) char *staged = alloc_printf("%s/os.qcow2", stage);
    check_good(file_make_directory(stage, 0700, &error), &error);
    CHECK_INT(rename(disk, staged), 0); /* a new one */
    char *argv[] = {"cp", staged, disk, NULL};
    run_program(argv);
    use_disk();
    put("known_hosts", "old keys");
    check_good(instance_prepare(&home, "test", &facts, &plan, &error), &error);
    instance_facts_done(&facts);
    CHECK(disk_is_new());
    CHECK(!trusts_old_keys());
    CHECK(!file_exists(stage));
    instance_plan_done(&plan);
    end(&before);
}

TEST(without_its_image_nothing_changes) {
    char *notice = NULL;
    struct store_instance before = {0}, after = {0};
    struct error error = {0};
    begin("no-image", &before);
    scoped(alloc_release) char *images = home_file(&home, "images");
    scoped(alloc_release) char *aside = home_file(&home, "aside");
    scoped(alloc_release) char *print = fingerprint(folder);
    CHECK_INT(rename(images, aside), 0);
    CHECK(!instance_reset(&home, &before, &notice, &error));
    CHECK_CONTAINS(error.text, "images/");
    scoped(alloc_release) char *print_after = fingerprint(folder);
    CHECK_STRING(print_after, print);
    get(&after);
    CHECK_STRING(after.instance_id, before.instance_id);
    store_instance_done(&after);
    end(&before);
}

int main(void) {
    return test_run();
}
