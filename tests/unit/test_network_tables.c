/* Forwarded ports and more network cards: what is put in comes back the same, column by column. */
#include "store/forward_table.h"
#include "store/nic_table.h"
#include "store_samples.h"

TEST(forwards_come_back_and_are_taken_once) {
    struct store *store = with_image("forwards");
    struct store_instance one = full_instance;
    struct store_forwards forwards = {0};
    bool found = true;
    one.after = NULL;
    OK(instance_table_add(store, &one, &error));
    const struct store_forward web = {one.id, NULL, TRANSPORT_TCP, (char *)"127.0.0.1", 8080, 80};
    struct store_forward dns = {one.id, NULL, TRANSPORT_UDP, (char *)"0.0.0.0", 65535, 53};
    OK(forward_table_add(store, &dns, &error));
    OK(forward_table_add(store, &web, &error));
    FAILS(forward_table_add(store, &web, &error), ERROR_EXISTS, "forwards");
    OK(forward_table_list(store, one.id, &forwards, &error));
    CHECK_INT(forwards.count, 2);
    CHECK_STRING(forwards.items[0].name, one.name);
    CHECK_INT(forwards.items[0].transport, TRANSPORT_TCP);
    CHECK_STRING(forwards.items[0].host_address, "127.0.0.1");
    CHECK_INT(forwards.items[0].host_port, 8080);
    CHECK_INT(forwards.items[0].guest_port, 80);
    CHECK_INT(forwards.items[1].host_port, 65535);
    CHECK_INT(forwards.items[1].transport, TRANSPORT_UDP);
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

TEST(nics_come_back_in_their_order) {
    struct store *store = with_image("nics");
    struct store_instance one = full_instance;
    struct store_nics nics = {0};
    one.after = NULL;
    OK(instance_table_add(store, &one, &error));
    const struct store_nic bare = {
        .instance = one.id, .position = 2, .kind = (char *)"user", .mac = (char *)"52:54:02:0:0:1"};
    const struct store_nic full = {.instance = one.id,
                                   .position = 1,
                                   .kind = (char *)"bridge",
                                   .interface = (char *)"br1",
                                   .mac = (char *)"52:54:01:0:0:1",
                                   .ip4 = (char *)"10.1.0.5/24"};
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
