/* What is known of a guest, and the files that were written for it: what is put in comes back the
 * same, column by column. */
#include "store/generated_table.h"
#include "store/guest_table.h"
#include "store_samples.h"

TEST(that_a_guest_trusts_its_cache_outlives_what_it_tells) {
    struct store *store = with_image("trust");
    int64_t id = add_instance(store, "a", NULL);
    static const struct store_guest told = {.phoned_home_ms = 5, .hostname = "a"};
    for (int trusts = 1; trusts >= 0; trusts--) {
        struct store_guest read = {0};
        OK(guest_table_set_trust(store, id, trusts, &error)); /* first: without a row */
        OK(guest_table_put(store, id, &told, &error));
        OK(guest_table_get(store, id, &read, &error));
        CHECK_INT(read.trusts_cache, trusts);
        CHECK_STRING(read.hostname, "a");
        store_guest_done(&read);
    }
    OK(guest_table_set_trust(store, id, true, &error));
    OK(guest_table_remove(store, id, &error));
    struct store_guest read = {0};
    OK(guest_table_get(store, id, &read, &error));
    CHECK(!read.trusts_cache);
    FAILS(guest_table_set_trust(store, 99, true, &error), ERROR_WRONG_STATE, "is gone");
    store_close(store);
}

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
    struct store *store = with_image("all-addresses");
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

TEST(addresses_of_all) {
    struct store *store = with_image("addresses-list");
    int64_t a = add_instance(store, "a", NULL), b = add_instance(store, "b", NULL);
    const struct store_guest silent = {.phoned_home_ms = 1};
    const struct store_guest told = {
        .address = (char *)"10.7.0.4", .address_source = (char *)"lease", .address_ms = 9};
    struct store_addresses addresses = {0};
    OK(guest_table_put(store, a, &silent, &error));
    OK(guest_table_set_address(store, b, &told, &error));
    OK(guest_table_list_addresses(store, &addresses, &error));
    CHECK_INT(addresses.count, 1);
    CHECK(!store_addresses_find(&addresses, a));
    CHECK_STRING(store_addresses_find(&addresses, b)->address, "10.7.0.4");
    CHECK_STRING(store_addresses_find(&addresses, b)->address_source, "lease");
    CHECK_INT(store_addresses_find(&addresses, b)->address_ms, 9);
    store_addresses_done(&addresses);
    CHECK(!store_addresses_find(&addresses, b));
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

int main(void) {
    return test_run();
}
