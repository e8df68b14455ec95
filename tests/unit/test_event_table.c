/* Events: what is put in comes back the same, column by column. */
#include "store/event_table.h"
#include "store/transaction.h"
#include "store_samples.h"

TEST(events_come_back_oldest_first) {
    struct store *store = with_image("events");
    int64_t id = add_instance(store, "a", NULL);
    OK(event_table_add(
        store,
        &(struct store_event){.at_ms = 10, .kind = STORE_EVENT_STATE, .text = "of the supervisor"},
        &error));
    OK(event_table_add(store,
                       &(struct store_event){
                           .instance = id, .at_ms = 20, .kind = STORE_EVENT_QMP, .text = "first"},
                       &error));
    OK(event_table_add(store,
                       &(struct store_event){
                           .instance = id, .at_ms = 30, .kind = STORE_EVENT_QMP, .text = "second"},
                       &error));
    struct store_events events = {0};
    OK(event_table_list(store, &(struct event_query){.limit = 10}, &events, &error));
    CHECK_INT(events.count, 3);
    CHECK_INT(events.items[0].instance, 0);
    CHECK_STRING(events.items[0].name, NULL);
    CHECK_STRING(events.items[0].text, "of the supervisor");
    CHECK_INT(events.items[1].instance, id);
    CHECK_INT(events.items[1].at_ms, 20);
    CHECK_STRING(events.items[1].name, "a");
    CHECK_INT(events.items[1].kind, STORE_EVENT_QMP);
    CHECK(events.items[0].id < events.items[1].id && events.items[1].id < events.items[2].id);
    int64_t middle = events.items[1].id;
    store_events_done(&events);
    static const struct {
        int64_t after, since;
        unsigned limit;
        bool one;
        size_t count;
    } asked[] = {{0, 0, 10, true, 2},
                 {1, 0, 10, false, 2},
                 {0, 30, 10, false, 1},
                 {0, 0, 1, true, 1},
                 {0, 31, 10, false, 0}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        OK(event_table_list(store,
                            &(struct event_query){.instance = asked[i].one ? id : 0,
                                                  .after_id = asked[i].after ? middle - 1 : 0,
                                                  .since_ms = asked[i].since,
                                                  .limit = asked[i].limit},
                            &events, &error));
        CHECK_INT(events.count, asked[i].count);
        store_events_done(&events);
    }
    const struct event_query newest = {.before_id = INT64_MAX, .limit = 2};
    OK(event_table_list(store, &newest, &events, &error));
    CHECK_INT(events.count, 2);
    CHECK_STRING(events.items[0].text, "second");
    CHECK_STRING(events.items[1].text, "first");
    store_events_done(&events);
    const struct event_query before = {.instance = id, .before_id = middle + 1, .limit = 2};
    OK(event_table_list(store, &before, &events, &error));
    CHECK_INT(events.count, 1);
    store_events_done(&events);
    store_close(store);
}

TEST(a_step_of_cloud_init_comes_back) {
    struct store *store = with_image("steps");
    int64_t id = add_instance(store, "a", NULL);
    struct store_events events = {0};
    const struct store_event failure = {.instance = id,
                                        .kind = STORE_EVENT_CLOUD_INIT,
                                        .text = "any words at all",
                                        .stage = "modules-final",
                                        .module = "scripts-user",
                                        .result = STORE_RESULT_FAILED};
    const struct store_event begin = {.instance = id,
                                      .kind = STORE_EVENT_CLOUD_INIT,
                                      .text = "modules-config/locale failed",
                                      .stage = "init-local",
                                      .result = STORE_RESULT_BEGAN};
    OK(event_table_add(store, &failure, &error));
    OK(event_table_add(store, &begin, &error));
    OK(event_table_list(store, &(struct event_query){.instance = id, .limit = 10}, &events,
                        &error));
    CHECK_INT(events.count, 2);
    CHECK_INT(events.items[0].kind, STORE_EVENT_CLOUD_INIT);
    CHECK_STRING(events.items[0].stage, "modules-final");
    CHECK_STRING(events.items[0].module, "scripts-user");
    CHECK_INT(events.items[0].result, STORE_RESULT_FAILED);
    CHECK_STRING(events.items[1].stage, "init-local");
    CHECK_STRING(events.items[1].module, NULL);
    CHECK_INT(events.items[1].result, STORE_RESULT_BEGAN);
    store_events_done(&events);
    store_close(store);
}

TEST(one_kind_of_one_instance_comes_alone) {
    struct store *store = with_image("one-kind");
    int64_t id = add_instance(store, "a", NULL), other = add_instance(store, "b", NULL);
    struct store_events events = {0};
    for (int i = 0; i < 6; i++) {
        const struct store_event event = {.instance = i == 5 ? other : id,
                                          .at_ms = i,
                                          .kind = i % 2 ? STORE_EVENT_CLOUD_INIT : STORE_EVENT_QMP,
                                          .text = i == 1 ? "first" : "another"};
        OK(event_table_add(store, &event, &error));
    }
    struct event_query asked = {.instance = id, .limit = 10, .kind = STORE_EVENT_CLOUD_INIT};
    OK(event_table_list(store, &asked, &events, &error));
    CHECK_INT(events.count, 2);
    CHECK_STRING(events.items[0].text, "first");
    CHECK_INT(events.items[1].at_ms, 3);
    store_events_done(&events);
    asked.since_ms = 2;
    OK(event_table_list(store, &asked, &events, &error));
    CHECK_INT(events.count, 1);
    CHECK_INT(events.items[0].at_ms, 3);
    store_events_done(&events);
    store_close(store);
}

TEST(every_kind_of_event_has_a_word_of_its_own) {
    for (int i = 0; i < STORE_EVENT_KIND_COUNT; i++)
        CHECK_INT(store_event_from_word(store_event_word((enum store_event_kind)i)), i);
    CHECK_INT(store_event_from_word("of a later version"), STORE_EVENT_UNKNOWN);
}

static void check_count(struct store *store, int64_t instance, size_t expected, const char *first) {
    struct store_events events = {0};
    OK(event_table_list(store,
                        &(struct event_query){.instance = instance, .limit = 3 * EVENT_TABLE_LIMIT},
                        &events, &error));
    CHECK_INT(events.count, expected);
    CHECK_STRING(events.count ? events.items[0].text : NULL, first);
    store_events_done(&events);
}

TEST(a_flood_of_one_kind_removes_none_of_another) {
    struct store *store = with_image("event-kinds");
    int64_t id = add_instance(store, "a", NULL);
    struct store_events events = {0};
    OK(store_begin(store, &error));
    for (int i = 0; i < EVENT_TABLE_LIMIT + 500; i++) {
        const struct store_event flood = {
            .instance = id, .at_ms = i, .kind = STORE_EVENT_SEED, .text = "asked again"};
        const struct store_event home = {
            .instance = id, .at_ms = i, .kind = STORE_EVENT_PHONE_HOME, .text = "phoned home"};
        if (i == 3)
            OK(event_table_add(store, &home, &error));
        OK(event_table_add(store, &flood, &error));
    }
    OK(store_commit(store, &error));
    OK(event_table_list(store,
                        &(struct event_query){.instance = id, .limit = 3 * EVENT_TABLE_LIMIT},
                        &events, &error));
    CHECK_INT(events.count, EVENT_TABLE_LIMIT + 1);
    CHECK_STRING(events.items[0].text, "phoned home");
    CHECK_INT(events.items[1].at_ms, 500);
    store_events_done(&events);
    store_close(store);
}

TEST(no_more_events_than_the_limit_are_kept_of_each) {
    struct store *store = with_image("event-limit");
    int64_t loud = add_instance(store, "loud", NULL), quiet = add_instance(store, "quiet", NULL);
    OK(event_table_add(
        store,
        &(struct store_event){
            .instance = quiet, .at_ms = 1, .kind = STORE_EVENT_STATE, .text = "quiet"},
        &error));
    OK(store_begin(store, &error));
    for (int i = 0; i < EVENT_TABLE_LIMIT + 500; i++) {
        char text[32];
        snprintf(text, sizeof text, "%d", i);
        OK(event_table_add(
            store,
            &(struct store_event){
                .instance = loud, .at_ms = i, .kind = STORE_EVENT_STATE, .text = text},
            &error));
        OK(event_table_add(
            store, &(struct store_event){.at_ms = i, .kind = STORE_EVENT_STATE, .text = text},
            &error));
    }
    OK(store_commit(store, &error));
    check_count(store, loud, EVENT_TABLE_LIMIT, "500");
    check_count(store, quiet, 1, "quiet");
    check_count(store, 0, 2 * EVENT_TABLE_LIMIT + 1, "quiet");
    OK(instance_table_remove(store, loud, &error));
    OK(instance_table_remove(store, quiet, &error));
    check_count(store, 0, EVENT_TABLE_LIMIT, "500"); /* those of the supervisor are left */
    store_close(store);
}

int main(void) {
    return test_run();
}
