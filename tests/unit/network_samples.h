/* A home with networks of its own, and instances with cards in them. */
#pragma once

#include "cloud_home.h"
#include "home/change/nic_change.h"
#include "home/network/home_network.h"
#include "store/network_table.h"

static struct home home;
static struct error error;

static inline void refuse(const struct home_network_options *options, enum error_code code,
                          const char *part) {
    struct store_network made = {0};
    error = (struct error){0};
    CHECK(!home_network_create(&home, options, &made, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, part);
    error = (struct error){0};
}

static inline void add_network(const struct home_network_options *options, const char *subnet) {
    struct store_network made = {0};
    check_good(home_network_create(&home, options, &made, &error), &error);
    CHECK_STRING(made.subnet, subnet);
    store_network_done(&made);
}

static const char *multicast = "multicast"; /* the default only on Linux */
#define WITH(...) (&(struct home_network_options){.kind = multicast, __VA_ARGS__})

static inline void add(const char *instance, const char *text, const char *ip4) {
    struct home_edit edit = {.home = &home, .instance = instance};
    struct store_nic nic = {0};
    check_good(nic_change_add(&edit, text, &nic, &error), &error);
    CHECK_STRING(nic.ip4, ip4);
    store_nic_done(&nic);
    alloc_release(&edit.notice);
}

static inline void refuse_card(const char *instance, const char *text, enum error_code code,
                               const char *part) {
    struct home_edit edit = {.home = &home, .instance = instance};
    struct store_nic nic = {0};
    CHECK(!nic_change_add(&edit, text, &nic, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, part);
    error = (struct error){0};
    store_nic_done(&nic);
}

static inline void make(const char *name, char *const *nics) {
    struct store_instance instance = {0};
    const struct instance_create_options options = {
        .name = name, .image = "base", .nics = nics, .disk = "64M"};
    make_instance(&home, &options, &instance);
    store_instance_done(&instance);
}

static inline void expect_cards(const char *instance, const char *expected) {
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

#define CARDS(...) ((char *const[]){__VA_ARGS__, NULL})
