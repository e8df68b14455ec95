/* Networks of a home: what they must not be, who gets which address, what the seeds tell. */
#include "cloud_home.h"
#include "home/change/clone.h"
#include "home/change/nic_change.h"
#include "home/change/remove.h"
#include "home/change/rename.h"
#include "home/change/settings.h"
#include "home/change/trash.h"
#include "home/cloud/subnet.h"
#include "home/instance/host_limits.h"
#include "home/network/home_network.h"
#include "home/network/members.h"
#include "store/guest_table.h"
#include "store/network_table.h"
#include "store/query.h"

static struct home home;
static struct error error;

static void refuse(const struct home_network_options *options, enum error_code code,
                   const char *part) {
    struct store_network made = {0};
    error = (struct error){0};
    CHECK(!home_network_create(&home, options, &made, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, part);
    error = (struct error){0};
}

static void add_network(const struct home_network_options *options, const char *subnet) {
    struct store_network made = {0};
    check_good(home_network_create(&home, options, &made, &error), &error);
    CHECK_STRING(made.subnet, subnet);
    store_network_done(&made);
}

static const char *multicast = "multicast"; /* the default only on Linux */
#define WITH(...) (&(struct home_network_options){.kind = multicast, __VA_ARGS__})

static void add(const char *instance, const char *text, const char *ip4) {
    struct home_edit edit = {.home = &home, .instance = instance};
    struct store_nic nic = {0};
    check_good(nic_change_add(&edit, text, &nic, &error), &error);
    CHECK_STRING(nic.ip4, ip4);
    store_nic_done(&nic);
    alloc_release(&edit.notice);
}

static void refuse_card(const char *instance, const char *text, enum error_code code,
                        const char *part) {
    struct home_edit edit = {.home = &home, .instance = instance};
    struct store_nic nic = {0};
    CHECK(!nic_change_add(&edit, text, &nic, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, part);
    error = (struct error){0};
    store_nic_done(&nic);
}

static void make(const char *name, char *const *nics) {
    struct store_instance instance = {0};
    const struct instance_create_options options = {
        .name = name, .image = "base", .nics = nics, .disk = "64M"};
    make_instance(&home, &options, &instance);
    store_instance_done(&instance);
}

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

/* --- the network that each new instance is in --- */

static void expect_cards(const char *instance, const char *expected) {
    scoped(buffer_done) struct buffer text = {0};
    struct store_instance row = {0};
    struct store_nics cards = {0};
    check_good(instance_table_get(home.store, instance, &row, &error), &error);
    check_good(nic_table_list(home.store, row.id, &cards, &error), &error);
    for (size_t i = 0; i < cards.count; i++)
        buffer_printf(&text, "%d %s %s\n", cards.items[i].position,
                      cards.items[i].network ? cards.items[i].network_name : cards.items[i].kind,
                      cards.items[i].ip4 ? cards.items[i].ip4 : "dhcp");
    CHECK_STRING(text.data ? text.data : "", expected);
    store_nics_done(&cards);
    store_instance_done(&row);
}

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

/* --- names in the network of the cloud --- */

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

/* --- other cards --- */

static void expect_change(const char *instance, char *const *texts, const char *cards) {
    struct home_edit edit = {.home = &home, .instance = instance};
    const struct instance_change_options options = {.nics = texts};
    check_good(settings_change(&edit, &options, &error), &error);
    expect_cards(instance, cards);
    alloc_release(&edit.notice);
}

static void refuse_change(const char *instance, char *const *texts, const char *part) {
    struct home_edit edit = {.home = &home, .instance = instance};
    const struct instance_change_options options = {.nics = texts};
    CHECK(!settings_change(&edit, &options, &error));
    CHECK_CONTAINS(error.text, part);
    error = (struct error){0};
    alloc_release(&edit.notice);
}

#define CARDS(...) ((char *const[]){__VA_ARGS__, NULL})

/* The MAC address by which a guest knows the card. */
static char *mac_at(const char *instance, int position) { /* caller frees */
    struct store_instance row = {0};
    struct store_nics cards = {0};
    char *mac = NULL;
    check_good(instance_table_get(home.store, instance, &row, &error), &error);
    check_good(nic_table_list(home.store, row.id, &cards, &error), &error);
    for (size_t i = 0; i < cards.count; i++)
        if (cards.items[i].position == position)
            mac = alloc_string(cards.items[i].mac);
    store_nics_done(&cards);
    store_instance_done(&row);
    return mac;
}

TEST(the_cards_of_an_instance_are_changed_together) {
    const struct cloud_options cloud = user_options();
    static char lab[] = "lab", inner[] = "inner", moved[] = "lab,ip=10.77.0.9", user[] = "user",
                none[] = "", taken[] = "inner,ip=10.80.0.2", outside[] = "lab,ip=10.9.9.9",
                named[] = "inner,mac=52:54:99:00:00:01", unknown[] = "nosuch";
    make_home("set-cards", &cloud, &home);
    add_network(WITH(.name = "lab"), "10.77.0.0/24");
    add_network(WITH(.name = "inner", .subnet = "10.80.0.0/24"), "10.80.0.0/24");
    make("other", CARDS(inner));
    make("one", CARDS(lab, user));
    expect_cards("one", "1 lab 10.77.0.2/24\n2 user dhcp\n");
    scoped(alloc_release) char *first = mac_at("one", 1);
    expect_change("one", CARDS(moved, user), "1 lab 10.77.0.9/24\n2 user dhcp\n");
    expect_change("one", CARDS(user, lab), "1 lab 10.77.0.9/24\n2 user dhcp\n"); /* kept */
    expect_change("one", CARDS(lab), "1 lab 10.77.0.9/24\n");
    expect_change("one", CARDS(inner), "1 inner 10.80.0.3/24\n"); /* another network */
    scoped(alloc_release) char *kept = mac_at("one", 1);
    CHECK_STRING(kept, first);
    expect_change("one", CARDS(inner, lab, user),
                  "1 inner 10.80.0.3/24\n2 lab 10.77.0.2/24\n3 user dhcp\n");
    expect_change("one", CARDS(lab, named), "1 inner 10.80.0.3/24\n2 lab 10.77.0.2/24\n");
    scoped(alloc_release) char *given = mac_at("one", 1);
    CHECK_STRING(given, "52:54:99:00:00:01");
    refuse_change("one", CARDS(lab, taken), "belongs to the instance \"other\"");
    refuse_change("one", CARDS(lab, lab, moved, moved), "10.77.0.9");
    refuse_change("one", CARDS(outside), "outside the network 10.77.0.0/24");
    refuse_change("one", CARDS(lab, none), "\"\" is not a kind of network");
    refuse_change("one", CARDS(unknown), "\"nosuch\" is not a kind of network");
    refuse_change("one", CARDS(user, user, user, user, user, user, user, user), "at most 7");
    expect_cards("one", "1 inner 10.80.0.3/24\n2 lab 10.77.0.2/24\n");
    expect_change("one", CARDS(none), "");
    home_close(&home);
}

static void expect_side(const char *instance, const char *side) {
    struct store_instance row = {0};
    struct store_nics cards = {0};
    check_good(instance_table_get(home.store, instance, &row, &error), &error);
    check_good(nic_table_list(home.store, row.id, &cards, &error), &error);
    CHECK_INT(cards.count, 1);
    CHECK_STRING(strchr(cards.items[0].interface, '.'), side);
    store_nics_done(&cards);
    store_instance_done(&row);
}

static void move_to_trash(const char *instance) {
    struct store_instance row = {0};
    check_good(instance_table_get(home.store, instance, &row, &error), &error);
    check_good(instance_remove(&home, &row, &error), &error);
    store_instance_done(&row);
}

TEST(a_pair_has_two_sides_which_are_kept) {
    const struct cloud_options cloud = user_options();
    static char link[] = "link", moved[] = "link,ip=10.77.0.9", none[] = "";
    make_home("pair", &cloud, &home);
    if (platform_is_macos()) { /* whose sockets would lose frames */
        refuse(&(struct home_network_options){.name = "link", .kind = "pair"}, ERROR_INVALID,
               "cannot carry");
        return;
    }
    add_network(&(struct home_network_options){.name = "link", .kind = "pair"}, "10.77.0.0/24");
    make("one", CARDS(link));
    make("two", CARDS(link));
    make("three", NULL);
    refuse_card("three", "link", ERROR_INVALID, "\"one\" and \"two\" are in it");
    refuse_card("three", "pair,if=x", ERROR_INVALID, "is then written NAME");
    expect_side("one", ".0");
    expect_change("one", CARDS(moved), "1 link 10.77.0.9/24\n");
    expect_change("one", CARDS(none), "");
    expect_side("two", ".1");
    expect_change("two", CARDS(link), "1 link 10.77.0.3/24\n");
    expect_side("two", ".1"); /* though the other one is free */
    add("three", "link", "10.77.0.2/24");
    expect_side("three", ".0");
    scoped(alloc_release) char *folder = home_instance_folder(&home, "three");
    scoped(alloc_release) char *script = read_text(folder, "vm.sh");
    CHECK_CONTAINS(script, ".0,remote.type=unix,remote.path=");
}

TEST(a_pair_is_found_full_or_not_by_what_comes_back) {
    static char seven[] = "link,ip=10.77.0.7", eight[] = "link,ip=10.77.0.8", none[] = "";
    if (platform_is_macos())
        return;
    move_to_trash("three"); /* which was .0 */
    expect_change("two", CARDS(none), "");
    expect_change("one", CARDS(seven), "1 link 10.77.0.7/24\n");
    expect_side("one", ".0");
    check_good(trash_restore(&home, "three", &error), &error);
    expect_side("three", ".1");
    move_to_trash("three");
    expect_change("two", CARDS(eight), "1 link 10.77.0.8/24\n");
    CHECK(!trash_restore(&home, "three", &error));
    CHECK_CONTAINS(error.text, "its place in the pair link belongs to \"");
    error = (struct error){0};
    home_close(&home);
}

static void run_sql(const char *sql) {
    CHECK_INT(sqlite3_exec(home.store->database, sql, NULL, NULL, NULL), SQLITE_OK);
}

TEST(one_instance_is_in_a_pair_once) {
    const struct cloud_options cloud = user_options();
    static char link[] = "link", again[] = "link,ip=10.77.0.9";
    static const char *const sentence = "\"one\" has a card in the network \"link\" already, which";
    struct store_instance made = {0};
    char *both[] = {link, again, NULL};
    const struct instance_create_options options = {
        .name = "one", .image = "base", .nics = both, .disk = "64M"};
    if (platform_is_macos())
        return;
    make_home("pair-once", &cloud, &home);
    add_network(&(struct home_network_options){.name = "link", .kind = "pair"}, "10.77.0.0/24");
    CHECK(!instance_create(&home, &options, &made, &error));
    CHECK_CONTAINS(error.text, sentence);
    error = (struct error){0};
    make("one", CARDS(link));
    refuse_card("one", "link", ERROR_INVALID, sentence);
    refuse_change("one", CARDS(link, again), sentence);
    expect_change("one", CARDS(again), "1 link 10.77.0.9/24\n");
}

/* As a store may have them from before that was refused. */
TEST(two_cards_of_one_come_back_only_to_an_empty_pair) {
    static char link[] = "link", none[] = "";
    if (platform_is_macos())
        return;
    run_sql("INSERT INTO nics (instance, position, kind, interface, mac, ip4, network)"
            " SELECT instance, 2, kind, substr(interface, 1, 14) || '1', '52:54:77:00:00:09',"
            " '10.77.0.10/24', network FROM nics");
    make("two", NULL);
    move_to_trash("one");
    check_good(trash_restore(&home, "one", &error), &error);
    expect_cards("one", "1 link 10.77.0.9/24\n2 link 10.77.0.10/24\n");
    move_to_trash("one");
    add("two", "link", "10.77.0.2/24");
    for (int side = 0; side < 2; side++) {
        CHECK(!trash_restore(&home, "one", &error));
        CHECK_CONTAINS(error.text,
                       "in the pair link belongs to \"two\" now: remove one of the two");
        error = (struct error){0};
        run_sql("UPDATE nics SET interface = substr(interface, 1, 14) || '1'");
    }
    expect_change("two", CARDS(none), "");
    check_good(trash_restore(&home, "one", &error), &error);
    refuse_card("two", link, ERROR_INVALID, "remove one of the two cards by `pgsup nic remove`");
}

TEST(a_network_that_was_called_as_a_kind_is_still_joined) {
    if (platform_is_macos())
        return;
    add_network(WITH(.name = "older"), "10.77.1.0/24");
    run_sql("UPDATE networks SET name = 'pair' WHERE name = 'older'");
    add("two", "pair", "10.77.1.2/24");
    add("two", "pair,ip=10.77.1.9", "10.77.1.9/24");
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
