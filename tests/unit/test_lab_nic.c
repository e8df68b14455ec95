/* The network that each new instance is in by itself. */
#include "home/cloud/subnet.h"
#include "home/instance/host_limits.h"
#include "network_samples.h"

static bool add_lab(struct store *store, const struct store_cloud *cloud, void *context,
                    struct error *why) {
    return subnet_is_user(cloud) && home_network_add_lab(store, context, why);
}

static void set_lab(const char *name) {
    const struct cloud_changes changes = {.lab = name};
    check_good(cloud_set(&home, &changes, &error), &error);
}

/* Only on Linux it is there without another program. */
TEST(each_new_instance_is_in_the_lab) {
    static char *own[] = {(char *)"user", NULL}, *lab[] = {(char *)"lab,ip=10.77.0.9", NULL};
    struct cloud_options cloud = user_options();
    char *remark = NULL;
    cloud.follow = add_lab;
    cloud.context = &remark;
    make_home("lab", &cloud, &home);
    if (platform_is_macos())
        return;
    CHECK(!remark);
    make("one", NULL);
    make("two", own);
    make("three", lab);
    expect_cards("one", "1 lab 10.77.0.2/24\n");
    expect_cards("two", "1 lab 10.77.0.3/24\n2 user dhcp\n");
    expect_cards("three", "1 lab 10.77.0.9/24\n");
    struct store_instance four = {0};
    const struct instance_create_options without = {
        .name = "four", .image = "base", .disk = "64M", .no_lab = true};
    make_instance(&home, &without, &four);
    store_instance_done(&four);
    expect_cards("four", "");
}

TEST(another_network_is_the_lab_or_none_and_a_full_one_is_left_out) {
    if (platform_is_macos())
        return;
    static char *many[] = {(char *)"user", (char *)"user", (char *)"user", (char *)"user",
                           (char *)"user", (char *)"user", (char *)"user", NULL};
    const struct cloud_changes unknown = {.lab = "nosuch"};
    CHECK(!cloud_set(&home, &unknown, &error));
    CHECK_CONTAINS(error.text, "there is no network \"nosuch\"");
    error = (struct error){0};
    int64_t before, after;
    check_good(network_table_revision(home.store, &before, &error), &error);
    add_network(WITH(.name = "small", .subnet = "10.78.0.0/29"), "10.78.0.0/29");
    set_lab("small");
    check_good(network_table_revision(home.store, &after, &error), &error);
    CHECK(after >= before); /* guests take no older names for newer ones */
    for (int i = 0; i < 5; i++) {
        scoped(alloc_release) char *name = alloc_printf("small-%d", i);
        make(name, NULL);
    }
    expect_cards("small-4", "1 small 10.78.0.6/29\n");
    make("too-many", NULL);
    expect_cards("too-many", "");
    scoped(alloc_release) char *remarks = host_limits_remarks(&home, "too-many");
    CHECK_CONTAINS(remarks, "the network \"small\" has no place for one more: it is not in it");
    set_lab("lab");
    struct store_instance refused = {0};
    const struct instance_create_options options = {
        .name = "refused", .image = "base", .nics = many, .disk = "64M"};
    CHECK(!instance_create(&home, &options, &refused, &error));
    CHECK_CONTAINS(error.text, "the card in \"lab\", which --no-lab leaves out: ");
    error = (struct error){0};
    set_lab("");
    make("alone", NULL);
    expect_cards("alone", "");
    home_close(&home);
}

int main(void) {
    return test_run();
}
