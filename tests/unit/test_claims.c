/* What is asked for by name is not drawn for another one, however they stand: addresses, subnets,
 * MAC addresses and ports, on the command line and in a lab file. */
#include "cloud_home.h"
#include "home/change/nic_change.h"
#include "home/change/settings.h"
#include "home/instance/port_owners.h"
#include "home/lab/lab_cloud.h"
#include "home/lab/lab_file.h"
#include "home/lab/lab_plan_make.h"
#include "home/lab/lab_rehearsal.h"
#include "home/lab/lab_work.h"
#include "home/network/home_network.h"
#include "store/claim.h"
#include "store/network_table.h"

static struct home home;
static struct error error;

#define CARDS(...) ((char *const[]){__VA_ARGS__, NULL})

static char card[] = "lab", second[] = "lab,ip=10.77.0.2", third[] = "lab,ip=10.77.0.3",
            user[] = "user";

static void expect_cards(const char *name, const char *expected) {
    struct store_instance instance = {0};
    struct store_nics nics = {0};
    scoped(buffer_done) struct buffer text = {0};
    check_good(instance_table_get(home.store, name, &instance, &error), &error);
    check_good(nic_table_list(home.store, instance.id, &nics, &error), &error);
    for (size_t i = 0; i < nics.count; i++)
        buffer_printf(&text, "%d %s\n", nics.items[i].position,
                      nics.items[i].ip4 ? nics.items[i].ip4 : "dhcp");
    CHECK_STRING(text.data ? text.data : "", expected);
    store_nics_done(&nics);
    store_instance_done(&instance);
}

static bool create(const char *name, char *const *nics, char *const *forwards) {
    struct store_instance made = {0};
    const struct instance_create_options options = {.name = name,
                                                    .image = "base",
                                                    .disk = "64M",
                                                    .nics = nics,
                                                    .forwards = forwards,
                                                    .host_keys = "guest"};
    error = (struct error){0};
    bool good = instance_create(&home, &options, &made, &error);
    store_instance_done(&made);
    return good;
}

static void set_cards(const char *name, char *const *nics, const char *expected) {
    struct home_edit edit = {.home = &home, .instance = name};
    const struct instance_change_options options = {.nics = nics};
    check_good(settings_change(&edit, &options, &error), &error);
    alloc_release(&edit.notice);
    expect_cards(name, expected);
}

TEST(among_the_cards_of_one_instance) {
    struct store_network made = {0};
    const struct home_network_options lab = {.name = "lab", .kind = "multicast"};
    const struct cloud_options cloud = user_options();
    make_home("one", &cloud, &home);
    check_good(home_network_create(&home, &lab, &made, &error), &error);
    store_network_done(&made);
    CHECK(create("a", CARDS(card, second), NULL));
    expect_cards("a", "1 10.77.0.3/24\n2 10.77.0.2/24\n");
    set_cards("a", CARDS(card), "1 10.77.0.3/24\n");
    set_cards("a", CARDS(card, third), "1 10.77.0.3/24\n2 10.77.0.2/24\n");
    set_cards("a", CARDS(user), "1 dhcp\n");
    set_cards("a", CARDS(card, second, user, third),
              "1 dhcp\n2 10.77.0.4/24\n3 10.77.0.2/24\n4 10.77.0.3/24\n");
    CHECK(!create("b", CARDS(card, second), NULL));
    CHECK_CONTAINS(error.text, "the address 10.77.0.2 in \"lab\" belongs to the instance \"a\"");
}

static uint16_t next_port(void) {
    struct port_owners owners = {0};
    error = (struct error){0};
    check_good(port_owners_list(home.store, &owners, &error), &error);
    uint16_t port = port_owners_choose(0, &owners, &error);
    port_owners_done(&owners);
    return port;
}

TEST(a_port_of_its_own_forwards_is_not_drawn_for_ssh) {
    struct store_instance made = {0};
    uint16_t port = 0;
    bool good = false;
    for (int i = 0; !good && i < 20; i++) { /* another program may take it meanwhile */
        port = next_port();
        scoped(alloc_release) char *forward = alloc_printf("%u:80", port);
        good = create("b", NULL, CARDS(forward));
    }
    CHECK(good);
    check_good(instance_table_get(home.store, "b", &made, &error), &error);
    CHECK(made.ssh_port != 0 && made.ssh_port != port);
    store_instance_done(&made);
    port = next_port();
    claim_port(home.store, port);
    CHECK(next_port() != port);
    claim_clear(home.store);
}

TEST(a_mac_address_of_another_card_is_not_drawn) {
    struct store_instance last = {0}, made = {0};
    struct store_nic nic = {0};
    unsigned bytes[3];
    check_good(instance_table_get(home.store, "b", &last, &error), &error);
    CHECK_INT(sscanf(last.mac, "52:54:00:%x:%x:%x", &bytes[0], &bytes[1], &bytes[2]), 3);
    unsigned next = ((bytes[0] << 16 | bytes[1] << 8 | bytes[2]) + 1) & 0xFFFFFF;
    scoped(alloc_release) char *text =
        alloc_printf("user,mac=52:54:00:%02x:%02x:%02x", next >> 16, next >> 8 & 255, next & 255);
    struct home_edit edit = {.home = &home, .instance = "b"};
    check_good(nic_change_add(&edit, text, &nic, &error), &error);
    CHECK(create("c", NULL, NULL));
    check_good(instance_table_get(home.store, "c", &made, &error), &error);
    CHECK(strcmp(made.mac, nic.mac) != 0);
    CHECK_INT(made.id, last.id + 2);
    alloc_release(&edit.notice);
    store_nic_done(&nic);
    store_instance_done(&made);
    store_instance_done(&last);
    home_close(&home);
}

static void apply(const char *text) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    check_good(lab_file_parse("lab.yaml", text, strlen(text), &lab, &error) &&
                   lab_plan_make(&home, &lab, LAB_KEEP, &plan, &error),
               &error);
    const struct lab_work work = {.home = &home, .lab = &lab, .plan = &plan};
    check_good(lab_work_do(&work, &error), &error);
    lab_plan_done(&plan);
    check_good(lab_plan_make(&home, &lab, LAB_KEEP, &plan, &error), &error);
    CHECK_INT(plan.count, 0);
    lab_plan_done(&plan);
    lab_done(&lab);
}

static void expect_subnet(const char *name, const char *subnet, bool is_lab) {
    struct store_network network = {0};
    check_good(network_table_get(home.store, name, &network, &error), &error);
    CHECK_STRING(network.subnet, subnet);
    CHECK_INT(network.is_lab, is_lab);
    store_network_done(&network);
}

#define BASE "image: base, size: 64M, host-keys: guest"

TEST(among_the_instances_and_networks_of_a_file) {
    const struct cloud_options cloud = user_options();
    make_home("file", &cloud, &home);
    apply("networks:\n  other: {kind: multicast}\n  lab: {kind: multicast, subnet: 10.77.0.0/24}\n"
          "instances:\n  a: {" BASE ", nics: [user, lab]}\n"
          "  b: {" BASE ", nics: [user, lab, 'lab,ip=10.77.0.2'], after: a}\n");
    expect_subnet("other", "10.77.1.0/24", false);
    expect_subnet("lab", "10.77.0.0/24", false);
    expect_cards("a", "1 10.77.0.3/24\n");
    expect_cards("b", "1 10.77.0.4/24\n2 10.77.0.2/24\n");
    apply("instances:\n  a: {nics: [user, lab, lab]}\n"
          "  d: {" BASE
          ", nics: [user, 'lab,ip=10.77.0.5']}\n"); /* a change, and one that is made */
    expect_cards("a", "1 10.77.0.3/24\n2 10.77.0.6/24\n");
    home_close(&home);
}

/* As in the guide: the file says the subnet of the network that a new cloud has by itself. */
TEST(the_lab_of_a_new_cloud_is_as_the_file_says) {
    static const char text[] = "cloud: {network: user}\n"
                               "networks: {lab: {kind: multicast, subnet: 10.77.9.0/24}}\n";
    struct lab lab = {0};
    struct lab_plan plan = {0};
    scoped(strv_done) struct strv words = {0};
    check_good(lab_file_parse("lab.yaml", text, strlen(text), &lab, &error), &error);
    lab_cloud_words(&lab, &words);
    CHECK(strv_has(&words, "--no-lab"));
    check_good(lab_rehearse(&lab, LAB_KEEP, &plan, &error), &error);
    CHECK_INT(plan.count, 1);
    lab_plan_done(&plan);
    lab_done(&lab);
    const struct cloud_options cloud = user_options();
    make_home("new", &cloud, &home);
    apply(text);
    expect_subnet("lab", "10.77.9.0/24", true);
    home_close(&home);
}

int main(void) {
    return test_run();
}
