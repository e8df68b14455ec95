/* Whose turn it is to be asked whether it lives. */
#include "daemon/fleet.h"
#include "daemon/heartbeats.h"
#include "test.h"

#include <string.h>

enum { MANY = 1000 };

static char places[MANY]; /* each stands for a VM */
static struct vm *vms[MANY];
static unsigned asked[MANY];
static unsigned questions;

static bool ask(struct vm *vm) {
    asked[(char *)vm - places]++;
    questions++;
    return true;
}

static bool ask_every_other(struct vm *vm) {
    ask(vm);
    return ((char *)vm - places) % 2 == 0;
}

static void begin(void) {
    for (size_t i = 0; i < MANY; i++)
        vms[i] = (struct vm *)&places[i];
    memset(asked, 0, sizeof asked);
    questions = 0;
}

static bool are_asked(size_t from, size_t end, unsigned times) {
    for (size_t i = from; i < end; i++)
        if (asked[i] != times)
            return false;
    return true;
}

TEST(few_are_asked_each_time) {
    struct heartbeats heartbeats = {0};
    begin();
    heartbeats_look(&heartbeats, vms, 0, ask);
    CHECK_INT(questions, 0);
    for (unsigned look = 1; look <= 3; look++) {
        heartbeats_look(&heartbeats, vms, HEARTBEATS_LIMIT, ask);
        CHECK(are_asked(0, HEARTBEATS_LIMIT, look));
    }
    CHECK_INT(questions, 3 * HEARTBEATS_LIMIT);
}

TEST(many_are_asked_in_turn) {
    struct heartbeats heartbeats = {0};
    begin();
    for (unsigned look = 1; look <= 5; look++) {
        heartbeats_look(&heartbeats, vms, MANY, ask);
        CHECK_INT(questions, look * HEARTBEATS_LIMIT);
    }
    CHECK(are_asked(0, MANY, 2)); /* 5 looks at 400 of 1,000 */
}

TEST(one_that_need_not_be_asked_takes_nobodys_turn) {
    struct heartbeats heartbeats = {0};
    begin();
    heartbeats_look(&heartbeats, vms, MANY, ask_every_other);
    CHECK(are_asked(0, 2 * HEARTBEATS_LIMIT - 1, 1));
    CHECK(are_asked(2 * HEARTBEATS_LIMIT - 1, MANY, 0));
}

TEST(turns_go_on_when_most_are_gone) {
    struct heartbeats heartbeats = {0};
    begin();
    heartbeats_look(&heartbeats, vms, MANY, ask);
    begin();
    heartbeats_look(&heartbeats, vms, 3, ask);
    CHECK(are_asked(0, 3, 1));
    CHECK_INT(questions, 3);
}

/* However many there are: a guest that has been woken must not wait for a turn. */
TEST(each_clock_is_looked_after_each_time) {
    static struct vm woken[HEARTBEATS_LIMIT + 1];
    struct vm *all[HEARTBEATS_LIMIT + 1];
    struct fleet fleet = {.vms = all, .count = HEARTBEATS_LIMIT + 1};
    for (size_t i = 0; i < fleet.count; i++) {
        woken[i].state = STATE_READY;
        woken[i].suspend.clock_due = i % 2;
        all[i] = &woken[i];
    }
    for (unsigned look = 1; look <= 2; look++) {
        fleet_set_clocks(&fleet);
        for (size_t i = 0; i < fleet.count; i++)
            CHECK_INT(woken[i].suspend.clock_tries, woken[i].suspend.clock_due ? look : 0);
    }
}

int main(void) {
    return test_run();
}
