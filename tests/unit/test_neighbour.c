/* Which of the host's neighbours a guest is. */
#include "home/names/neighbour.h"
#include "test.h"

#define MINE                                                                                       \
    { 0x52, 0x54, 0, 0xab, 0xcd, 0xef }
#define OTHER                                                                                      \
    { 0x52, 0x54, 0, 0xab, 0xcd, 0xee }

static const char mac[] = "52:54:00:ab:cd:ef";

TEST(the_one_with_its_mac) {
    static const struct interface_neighbour list[] = {{0x0a4d0005, OTHER, 9},
                                                      {0x0a4d0006, MINE, 1}};
    char address[16] = "";
    CHECK(neighbour_find(list, 2, mac, NULL, address));
    CHECK_STRING(address, "10.77.0.6");
    CHECK(neighbour_find(list, 2, "52:54:00:AB:CD:EE", "10.77.0.9", address));
    CHECK_STRING(address, "10.77.0.5");
    CHECK(!neighbour_find(list, 2, "52:54:00:ab:cd:ed", NULL, address));
    CHECK(!neighbour_find(list, 0, mac, NULL, address));
    CHECK(!neighbour_find(list, 2, "nonsense", NULL, address));
    CHECK(!neighbour_find(list, 2, "52:54:00:ab:cd:ef:00", NULL, address));
}

TEST(the_latest_of_several_but_the_known_one_while_it_is_used) {
    static const struct interface_neighbour list[] = {
        {0x0a4d0005, MINE, -200}, {0x0a4d0006, MINE, -100}, {0x0a4d0007, MINE, -40}};
    char address[16] = "";
    CHECK(neighbour_find(list, 3, mac, NULL, address));
    CHECK_STRING(address, "10.77.0.7");
    CHECK(neighbour_find(list, 3, mac, "10.77.0.6", address));
    CHECK_STRING(address, "10.77.0.6"); /* 60 s earlier */
    CHECK(neighbour_find(list, 3, mac, "10.77.0.5", address));
    CHECK_STRING(address, "10.77.0.7");
    CHECK(neighbour_find(list, 3, mac, "10.77.0.99", address));
    CHECK_STRING(address, "10.77.0.7");
}

TEST(the_table_of_this_host_can_be_read) {
    struct interface_neighbour *list = NULL;
    size_t count = 0;
    CHECK(interface_neighbours(&list, &count));
    CHECK(count <= INTERFACE_NEIGHBOURS_LIMIT);
    free(list);
}

int main(void) {
    return test_run();
}
