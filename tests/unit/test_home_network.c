/* Networks of a home: what they must not be, who gets which address, what the seeds tell. */
#include "home/change/clone.h"
#include "home/change/remove.h"
#include "home/change/rename.h"
#include "home/change/trash.h"
#include "home/network/members.h"
#include "network_samples.h"

TEST(what_a_network_must_not_be) {
    const struct cloud_options cloud = user_options();
    make_home("networks", &cloud, &home);
    refuse(WITH(.name = "Lab"), ERROR_INVALID, "Lab");
    refuse(WITH(.name = "user"), ERROR_INVALID, "kind of network card");
    refuse(WITH(.name = "pair"), ERROR_INVALID, "kind of network card");
    refuse(WITH(.name = "x", .subnet = "10.0.3.0/24"), ERROR_INVALID, "QEMU's user networking");
    refuse(WITH(.name = "x", .subnet = "10.0.0.0/16"), ERROR_INVALID, "overlaps with 10.0.2.0/24");
    refuse(WITH(.name = "x", .subnet = "10.77.0.5/24"), ERROR_INVALID, "did you mean 10.77.0.0/24");
    refuse(WITH(.name = "x", .subnet = "10.77.0.0"), ERROR_INVALID, "not a subnet");
    refuse(WITH(.name = "x", .subnet = "10.0.0.0/8"), ERROR_INVALID, "16 to 29");
    refuse(WITH(.name = "x", .subnet = "10.77.0.0/30"), ERROR_INVALID, "16 to 29");
    refuse(WITH(.name = "x", .subnet = "239.1.2.0/24"), ERROR_INVALID, "multicast");
    refuse(WITH(.name = "x", .subnet = "127.5.0.0/24"), ERROR_INVALID, "loopback");
    refuse(WITH(.name = "x", .domain = "a..b"), ERROR_INVALID, "not a domain");
    refuse(WITH(.name = "x", .domain = "Lab"), ERROR_INVALID, "not a domain");
    refuse(WITH(.name = "x", .interface = "br0"), ERROR_INVALID, "--host-if");
    refuse(&(struct home_network_options){.name = "x", .kind = "user"}, ERROR_INVALID,
           "cannot carry");
    refuse(&(struct home_network_options){.name = "x", .kind = "multi"}, ERROR_INVALID,
           "\"multi\" cannot carry");
    add_network(WITH(.name = "lab"), "10.77.0.0/24");
    add_network(WITH(.name = "other"), "10.77.1.0/24");
    add_network(WITH(.name = "tiny", .subnet = "10.78.0.0/29", .domain = "example.org"),
                "10.78.0.0/29");
    refuse(WITH(.name = "lab"), ERROR_EXISTS, "exists already");
    refuse(WITH(.name = "x", .subnet = "10.77.1.128/25"), ERROR_INVALID, "the subnet of \"other\"");
    CHECK(!home_network_remove(&home, "none", &error));
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    error = (struct error){0};
    check_good(home_network_remove(&home, "other", &error), &error);
    add_network(WITH(.name = "again"), "10.77.1.0/24");
}

TEST(addresses_are_given_once_and_kept) {
    static char *lab[] = {(char *)"lab", NULL};
    make("one", lab);
    make("two", lab);
    make("three", NULL);
    refuse_card("three", "lab,ip=10.77.0.2", ERROR_EXISTS, "belongs to the instance \"one\"");
    refuse_card("three", "lab,ip=10.77.0.1", ERROR_INVALID, "kept for this host");
    refuse_card("three", "lab,ip=10.77.0.255", ERROR_INVALID, "broadcast");
    refuse_card("three", "lab,ip=10.77.9.9", ERROR_INVALID, "outside the network 10.77.0.0/24");
    refuse_card("three", "lab,ip=10.77.0.9/24", ERROR_INVALID, "such as 10.77.0.5");
    refuse_card("three", "lab,if=br0", ERROR_INVALID, "if=br0");
    refuse_card("three", "lob", ERROR_INVALID, "\"lob\" is not a kind of network");
    refuse_card("three", "lob", ERROR_INVALID, "or a network of `pgsup network list`");
    add("three", "lab,ip=10.77.0.4", "10.77.0.4/24");
    struct store_instance clone = {0}, source = {0};
    check_good(instance_table_get(home.store, "one", &source, &error), &error);
    check_good(instance_clone(&home, &(struct instance_clone_source){&source, NULL}, "copy", &clone,
                              &error),
               &error);
    struct store_nics cards = {0};
    check_good(nic_table_list(home.store, clone.id, &cards, &error), &error);
    CHECK_STRING(cards.items[0].ip4, "10.77.0.5/24"); /* 2 and 3 are one's and two's */
    store_nics_done(&cards);
    store_instance_done(&clone);
    store_instance_done(&source);
    CHECK(!home_network_remove(&home, "lab", &error));
    CHECK_CONTAINS(error.text, "used by 4 cards");
    error = (struct error){0};
}

/* The cards are rows only: what takes its time is not asked for here. */
TEST(a_full_network_says_so) {
    struct store_network tiny = {0};
    struct store_instance two = {0};
    check_good(network_table_get(home.store, "tiny", &tiny, &error), &error);
    check_good(instance_table_get(home.store, "two", &two, &error), &error);
    for (int i = 2; i <= 6; i++) {
        scoped(alloc_release) char *mac = alloc_printf("52:54:77:00:00:0%d", i);
        scoped(alloc_release) char *ip4 = alloc_printf("10.78.0.%d/29", i);
        const struct store_nic nic = {.instance = two.id,
                                      .position = i,
                                      .kind = tiny.kind,
                                      .interface = tiny.interface,
                                      .mac = mac,
                                      .ip4 = ip4,
                                      .network = tiny.id};
        check_good(nic_table_add(home.store, &nic, &error), &error);
        CHECK(!nic_table_add(home.store, &nic, &error)); /* one address twice */
        error = (struct error){0};
    }
    refuse_card("one", "tiny", ERROR_EXISTS, "no free address in 10.78.0.0/29, with 5 cards");
    check_good(nic_table_remove(home.store, two.id, 4, &error), &error);
    add("one", "tiny", "10.78.0.4/29");
    store_network_done(&tiny);
    store_instance_done(&two);
}

TEST(names_and_revisions_follow_the_members) {
    scoped(buffer_done) struct buffer hosts = {0};
    struct store_instance three = {0};
    char *notice = NULL;
    int64_t before, after;
    check_good(network_table_revision(home.store, &before, &error), &error);
    check_good(instance_table_get(home.store, "three", &three, &error), &error);
    check_good(instance_rename(&home, &three, "drei", &notice, &error), &error);
    alloc_release(&notice);
    check_good(network_table_revision(home.store, &after, &error), &error);
    CHECK(after > before);
    check_good(members_hosts(home.store, three.id, &hosts, &error), &error);
    CHECK_STRING(hosts.data, "10.77.0.5 copy.lab.internal copy\n"
                             "10.77.0.4 drei.lab.internal drei\n"
                             "10.77.0.2 one.lab.internal one\n"
                             "10.77.0.3 two.lab.internal two\n");
    check_good(instance_table_remove(home.store, three.id, &error), &error);
    check_good(network_table_revision(home.store, &before, &error), &error);
    CHECK(before > after);
    store_instance_done(&three);
    add("copy", "lab", "10.77.0.4/24"); /* which is free again */
}

TEST(a_seed_has_the_card_and_the_names) {
    scoped(alloc_release) char *folder = home_instance_folder(&home, "copy");
    scoped(alloc_release) char *network = read_text(folder, "cloud-init/network-config");
    scoped(alloc_release) char *vendor = read_text(folder, "cloud-init/vendor-data");
    scoped(alloc_release) char *script = read_text(folder, "vm.sh");
    CHECK_CONTAINS(network, "- \"10.77.0.5/24\"");
    CHECK_CONTAINS(network, "- \"10.77.0.4/24\"");
    CHECK_CONTAINS(vendor, "10.77.0.2 one.lab.internal one\n");
    CHECK_CONTAINS(vendor, "10.77.0.5 copy.lab.internal copy\n");
    CHECK_CONTAINS(script, "remote.host=239.");
    home_close(&home);
}

/* As with the route of a VPN that covers 10.0.0.0/8. */
TEST(a_subnet_is_found_beside_a_large_network) {
    struct cloud_options cloud = bridged_options();
    cloud.network.host_ip4 = "10.1.2.3";
    cloud.network.host_nm4 = "255.0.0.0";
    cloud.network.host_gw4 = "10.1.2.1";
    make_home("large", &cloud, &home);
    add_network(WITH(.name = "lab"), "172.29.0.0/24");
    home_close(&home);
}

int main(void) {
    return test_run();
}
