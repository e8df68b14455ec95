/* The cards of an instance that exists, changed together, and the two sides of a pair. */
#include "home/change/remove.h"
#include "home/change/settings.h"
#include "home/change/trash.h"
#include "network_samples.h"
#include "store/query.h"

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

int main(void) {
    return test_run();
}
