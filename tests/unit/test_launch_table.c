/* Launches: what is put in comes back the same, column by column. */
#include "store/launch_table.h"
#include "store_samples.h"

static void check_launch(const struct store_launch *read, const struct store_launch *wanted) {
    CHECK_INT(read->number, wanted->number);
    CHECK_INT(read->instance, wanted->instance);
    CHECK_STRING(read->tag, wanted->tag);
    CHECK_INT(read->pid, wanted->pid);
    CHECK(read->pid_start == wanted->pid_start);
    CHECK_STRING(read->state, wanted->state);
    CHECK_STRING(read->reason, wanted->reason);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        CHECK_INT(read->phases_ms[phase], wanted->phases_ms[phase]);
    CHECK_INT(read->ended_ms, wanted->ended_ms);
    CHECK_STRING(read->end_cause, wanted->end_cause);
    CHECK_STRING(read->end_text, wanted->end_text);
    CHECK_STRING(read->serial_tail, wanted->serial_tail);
    CHECK_INT(read->presses, wanted->presses);
}

TEST(launches_come_back_and_are_tagged) {
    struct store *store = with_image("launches");
    int64_t id = add_instance(store, "a", NULL);
    struct store_launch bare = {0}, full = {0}, read = {0};
    FAILS(launch_table_last(store, id, &read, &error), ERROR_NOT_FOUND, "never started");
    OK(launch_table_add(store, id, &bare, &error));
    CHECK_STRING(bare.tag, "n1");
    OK(launch_table_last(store, id, &read, &error));
    check_launch(&read, &bare);
    store_launch_done(&read);
    full = (struct store_launch){.tag = alloc_string("sh77")};
    OK(launch_table_add(store, id, &full, &error));
    struct store_launch wanted = {.number = full.number,
                                  .instance = id,
                                  .tag = full.tag,
                                  .pid = 77,
                                  .pid_start = UINT64_MAX,
                                  .state = "failed",
                                  .reason = "because",
                                  .ended_ms = 99,
                                  .end_cause = "signal 9",
                                  .end_text = "QEMU died",
                                  .serial_tail = "panic\nhalt",
                                  .presses = 3};
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        wanted.phases_ms[phase] = 1000 + phase;
    OK(launch_table_put(store, &wanted, &error));
    OK(launch_table_last(store, id, &read, &error));
    check_launch(&read, &wanted);
    store_launch_done(&read);
    store_launch_done(&bare);
    store_launch_done(&full);
    store_close(store);
}

TEST(the_last_launch_of_each_instance) {
    struct store *store = with_image("launch-last");
    int64_t ids[] = {add_instance(store, "z", NULL), add_instance(store, "never", NULL),
                     add_instance(store, "a", NULL)};
    struct store_launches last = {0};
    OK(launch_table_list_last(store, &last, &error));
    CHECK(last.count == 0 && !store_launches_find(&last, ids[0]));
    for (int i = 0; i < 4; i++) { /* a, z, a, z */
        struct store_launch launch = {.end_text = alloc_printf("end %d", i), .pid = i};
        OK(launch_table_add(store, ids[i % 2 ? 0 : 2], &launch, &error));
        store_launch_done(&launch);
    }
    OK(launch_table_list_last(store, &last, &error));
    CHECK_INT(last.count, 2);
    CHECK_STRING(store_launches_find(&last, ids[0])->end_text, "end 3");
    CHECK_INT(store_launches_find(&last, ids[0])->pid, 3);
    CHECK_STRING(store_launches_find(&last, ids[2])->end_text, "end 2");
    CHECK(!store_launches_find(&last, ids[1]));
    store_launches_done(&last);
    store_close(store);
}

TEST(launches_come_newest_first_and_no_more_than_asked) {
    struct store *store = with_image("launch-list");
    int64_t id = add_instance(store, "a", NULL), other = add_instance(store, "b", NULL);
    for (int i = 0; i < 6; i++) {
        struct store_launch launch = {0};
        OK(launch_table_add(store, i % 2 ? other : id, &launch, &error));
        store_launch_done(&launch);
    }
    struct store_launches launches = {0};
    OK(launch_table_list(store, id, 2, &launches, &error));
    CHECK_INT(launches.count, 2);
    CHECK_INT(launches.items[0].number, 5);
    CHECK_INT(launches.items[1].number, 3);
    store_launches_done(&launches);
    store_close(store);
}

TEST(phases_have_words) {
    CHECK_STRING(store_phase_word(PHASE_LAUNCHED), "launched");
    CHECK_STRING(store_phase_word(PHASE_PHONE_HOME), "phone-home");
    CHECK_STRING(store_phase_word(PHASE_PROVISIONED), "provisioned");
}

int main(void) {
    return test_run();
}
