/* The names of other instances that a guest is told, in the network of the cloud too. */
#include "home/change/remove.h"
#include "home/network/members.h"
#include "network_samples.h"
#include "store/guest_table.h"

static void expect_hosts(const char *instance, const char *expected) {
    scoped(buffer_done) struct buffer hosts = {0};
    struct store_instance row = {0};
    check_good(instance_table_get(home.store, instance, &row, &error), &error);
    check_good(members_hosts(home.store, row.id, &hosts, &error), &error);
    CHECK_STRING(hosts.data ? hosts.data : "", expected);
    store_instance_done(&row);
}

static void expect_newer(int64_t *revision) {
    int64_t before = *revision;
    check_good(network_table_revision(home.store, revision, &error), &error);
    CHECK(*revision > before);
}

static void find_guest(const char *name, const char *address) {
    struct store_instance row = {0};
    struct store_guest guest = {.address = (char *)address, .address_source = (char *)"lease"};
    check_good(instance_table_get(home.store, name, &row, &error), &error);
    check_good(guest_table_set_address(home.store, row.id, &guest, &error), &error);
    store_instance_done(&row);
}

TEST(the_network_of_the_cloud_has_names_too) {
    struct cloud_options cloud = bridged_options();
    struct store_instance made = {0};
    const struct instance_create_options fixed = {
        .name = "fixed", .image = "base", .ip4 = "172.16.3.20", .disk = "64M"};
    int64_t revision = 0;
    make_home("cloud-names", &cloud, &home);
    make_instance(&home, &fixed, &made);
    expect_newer(&revision);
    store_instance_done(&made);
    make("leased", NULL);
    expect_hosts("leased", "172.16.3.20 fixed.lab.internal fixed\n");
    find_guest("leased", "172.16.3.77");
    expect_newer(&revision);
    find_guest("leased", "172.16.3.78");
    expect_newer(&revision);
    int64_t same = revision;
    find_guest("leased", "172.16.3.78");
    check_good(network_table_revision(home.store, &revision, &error), &error);
    CHECK_INT(revision, same);
    expect_hosts("fixed", "172.16.3.20 fixed.lab.internal fixed\n"
                          "172.16.3.78 leased.lab.internal leased\n");
    scoped(alloc_release) char *folder = home_instance_folder(&home, "leased");
    scoped(alloc_release) char *vendor = read_text(folder, "cloud-init/vendor-data");
    CHECK_CONTAINS(vendor, "172.16.3.20 fixed.lab.internal fixed\n");
}

TEST(one_name_has_one_address) {
    if (platform_is_macos())
        return;
    add_network(WITH(.name = "apart", .domain = "example.org"), "10.77.0.0/24");
    add("fixed", "apart", "10.77.0.2/24");
    add("leased", "apart", "10.77.0.3/24");
    expect_hosts("fixed", "10.77.0.2 fixed.example.org fixed\n"
                          "10.77.0.3 leased.example.org leased\n"
                          "172.16.3.20 fixed.lab.internal\n"
                          "172.16.3.78 leased.lab.internal\n");
    int64_t revision = 0;
    struct store_instance leased = {0};
    check_good(network_table_revision(home.store, &revision, &error), &error);
    check_good(instance_table_get(home.store, "leased", &leased, &error), &error);
    check_good(instance_table_remove(home.store, leased.id, &error), &error);
    expect_newer(&revision);
    store_instance_done(&leased);
    expect_hosts("fixed", "10.77.0.2 fixed.example.org fixed\n172.16.3.20 fixed.lab.internal\n");
    home_close(&home);
}

int main(void) {
    return test_run();
}
