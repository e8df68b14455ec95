/* Which connection of the seed server goes when one peer has too many, and when all are taken. */
#include "daemon/share.h"
#include "test.h"

enum { COUNT = 40 };

static struct share shares[COUNT]; /* each is newer than the one before */
static struct share_list list;

static void begin(void) {
    list = (struct share_list){0};
}

static struct share *add(unsigned index, int64_t instance, uint32_t address) {
    shares[index] = (struct share){.instance = instance, .address = address, .since_ms = index};
    share_add(&list, &shares[index]);
    return &shares[index];
}

TEST(an_address_has_its_share) {
    begin();
    add(0, 0, 1);
    for (unsigned i = 1; i <= SHARE_LIMIT; i++)
        CHECK(share_surplus(&list, add(i, 0, 2)) == NULL);
    CHECK(share_surplus(&list, add(SHARE_LIMIT + 1, 0, 2)) == &shares[1]);
    CHECK(share_surplus(&list, &shares[0]) == NULL);
    shares[1].surplus = true;
    CHECK(share_surplus(&list, &shares[2]) == NULL);
    CHECK(share_surplus(&list, add(SHARE_LIMIT + 2, 0, 2)) == &shares[2]);
    share_remove(&list, &shares[2]);
    CHECK(share_surplus(&list, &shares[3]) == NULL);
    CHECK_INT(list.count, SHARE_LIMIT + 2);
}

TEST(whoever_leaves_keeps_the_order_of_the_others) {
    begin();
    for (unsigned i = 0; i < 4; i++)
        add(i, 0, 1);
    share_remove(&list, &shares[3]);
    share_remove(&list, &shares[0]);
    share_remove(&list, &shares[2]);
    CHECK(list.first == &shares[1] && !shares[1].next && list.count == 1);
    add(4, 0, 1);
    CHECK(list.first == &shares[4] && shares[4].next == &shares[1]);
    share_remove(&list, &shares[1]);
    share_remove(&list, &shares[4]);
    CHECK(!list.first && list.count == 0);
}

TEST(a_token_decides_before_the_address) {
    begin();
    for (unsigned i = 0; i < SHARE_LIMIT; i++)
        add(i, 0, 1);
    for (unsigned i = SHARE_LIMIT; i < 2 * SHARE_LIMIT; i++)
        CHECK(share_surplus(&list, add(i, 7, 1)) == NULL);
    CHECK(share_surplus(&list, add(2 * SHARE_LIMIT, 8, 1)) == NULL);
    CHECK(share_surplus(&list, add(2 * SHARE_LIMIT + 1, 7, 2)) == &shares[SHARE_LIMIT]);
}

/* Owners that have the same number are counted together, and only there. */
TEST(a_stranger_does_not_use_up_a_share) {
    begin();
    for (unsigned i = 0; i < SHARE_LIMIT; i++)
        CHECK(share_surplus(&list, add(i, 7, 1)) == NULL);
    for (unsigned i = SHARE_LIMIT; i < 2 * SHARE_LIMIT; i++)
        CHECK(share_surplus(&list, add(i, 7 + SHARE_GROUPS, 1)) == NULL);
    CHECK(share_surplus(&list, add(2 * SHARE_LIMIT, 7 + SHARE_GROUPS, 1)) == &shares[SHARE_LIMIT]);
    share_remove(&list, &shares[2 * SHARE_LIMIT]);
    CHECK(share_surplus(&list, add(2 * SHARE_LIMIT, 7, 1)) == &shares[0]);
}

TEST(the_oldest_without_a_token_makes_room) {
    begin();
    CHECK(share_victim(&list) == NULL);
    add(0, 7, 1);
    add(1, 0, 1);
    add(2, 0, 2);
    CHECK(share_victim(&list) == &shares[1]);
    share_remove(&list, &shares[1]);
    CHECK(share_victim(&list) == &shares[2]);
}

TEST(without_such_a_one_who_has_most_makes_room) {
    begin();
    add(0, 7, 1);
    add(1, 8, 1);
    add(2, 8, 1);
    add(3, 9, 1);
    CHECK(share_victim(&list) == &shares[1]);
}

int main(void) {
    return test_run();
}
