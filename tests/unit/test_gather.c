/* What of a flood of messages is told: the first ones, then a count of the others. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "daemon/gather.h"
#include "test.h"

#include <stdio.h>

static struct gather *gather;
static struct buffer told;

static void on_told(void *context, const struct gather_message *message) {
    (void)context;
    buffer_printf(&told, "%lld %s %s\n", (long long)message->instance,
                  store_event_word(message->kind), message->text);
}

static bool take(int64_t instance, const char *peer, const char *text) {
    return gather_take(
        gather, &(struct gather_message){
                    .instance = instance, .kind = STORE_EVENT_SEED, .peer = peer, .text = text});
}

static void check_flush(const char *expected, bool more) {
    buffer_clear(&told);
    CHECK(gather_flush(gather, on_told, NULL) == more);
    CHECK_STRING(told.data ? told.data : "", expected);
}

TEST(the_first_passes_the_others_are_counted) {
    gather = gather_new();
    CHECK(take(0, "10.0.0.1", "refused"));
    for (int i = 0; i < 1000; i++)
        CHECK(!take(0, "10.0.0.1", "refused"));
    CHECK(take(0, "10.0.0.2", "refused"));
    CHECK(take(7, NULL, "refused"));
    check_flush("0 seed refused (1000 more times)\n", true);
    CHECK(!take(0, "10.0.0.1", "refused"));
    CHECK(take(0, "10.0.0.2", "refused"));
    check_flush("0 seed refused (1 more time)\n", true);
    check_flush("", false);
    CHECK(take(0, "10.0.0.1", "refused"));
    gather_free(gather);
}

TEST(many_texts_of_one_source_leave_those_of_another_alone) {
    char text[32];
    unsigned passed = 0;
    gather = gather_new();
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "number %d", i);
        passed += take(7, NULL, text);
    }
    CHECK_INT(passed, 16);
    CHECK(take(8, NULL, "number 999"));
    CHECK(gather_take(gather, &(struct gather_message){.instance = 7,
                                                       .kind = STORE_EVENT_PHONE_HOME,
                                                       .text = "number 999"}));
    check_flush("7 seed 984 more of such\n", true);
    gather_free(gather);
}

TEST(many_sources_are_bounded) {
    char peer[32];
    unsigned passed = 0;
    gather = gather_new();
    for (int i = 0; i < 100000; i++) {
        snprintf(peer, sizeof peer, "peer %d", i);
        passed += take(0, peer, "refused");
    }
    CHECK_INT(passed, GATHER_LIMIT);
    check_flush("0 seed 99488 more from others\n", true);
    check_flush("", false);
    gather_free(gather);
}

/* A thousand VMs that start at once are no flood. */
TEST(what_one_instance_says_leaves_the_others_their_places) {
    char text[32];
    unsigned passed = 0;
    gather = gather_new();
    for (int i = 0; i < 12000; i++) {
        snprintf(text, sizeof text, "text %d", i % 12);
        passed += gather_take(gather, &(struct gather_message){.instance = 1 + i / 12,
                                                               .kind = STORE_EVENT_STATE,
                                                               .text = text});
    }
    CHECK_INT(passed, 12000);
    check_flush("", false);
    gather_free(gather);
}

TEST(what_an_instance_says_is_bounded) {
    char peer[32];
    unsigned passed = 0;
    gather = gather_new();
    for (int i = 0; i < 1000; i++) {
        snprintf(peer, sizeof peer, "peer %d", i);
        passed += take(7, peer, "refused");
    }
    CHECK_INT(passed, GATHER_INSTANCE_LIMIT);
    CHECK(take(0, "peer 1", "refused"));
    check_flush("7 seed 872 more from others\n", true);
    gather_free(gather);
}

TEST(a_state_that_was_counted_is_told_promptly) {
    const struct gather_message state = {
        .instance = 7, .kind = STORE_EVENT_STATE, .text = "paused --resume--> running"};
    gather = gather_new();
    for (int i = 0; i < 128; i++)
        CHECK(gather_take(gather, &state));
    CHECK(!gather_take(gather, &state));
    CHECK(take(7, NULL, "meta-data"));
    CHECK(!take(7, NULL, "meta-data"));
    CHECK(gather_is_prompt(STORE_EVENT_STATE));
    CHECK(!gather_is_prompt(STORE_EVENT_SEED));
    buffer_clear(&told);
    gather_tell_prompt(gather, on_told, NULL);
    gather_tell_prompt(gather, on_told, NULL);
    CHECK_STRING(told.data, "7 state paused --resume--> running (1 more time)\n");
    check_flush("7 seed meta-data (1 more time)\n", true);
    CHECK(!gather_take(gather, &state)); /* not quiet for an interval yet */
    check_flush("7 state paused --resume--> running (1 more time)\n", true);
    check_flush("", false);
    CHECK(gather_take(gather, &state));
    gather_free(gather);
}

TEST(what_passes_often_is_counted_beyond_that) {
    const struct gather_message reset = {
        .instance = 7, .kind = STORE_EVENT_QMP, .text = "RESET guest-reset"};
    unsigned passed = 0;
    gather = gather_new();
    for (int i = 0; i < 200; i++)
        passed += gather_take(gather, &reset);
    CHECK_INT(passed, 128);
    buffer_clear(&told);
    gather_forget(gather, 8, on_told, NULL);
    CHECK_STRING(told.data, "");
    gather_forget(gather, 7, on_told, NULL);
    CHECK_STRING(told.data, "7 qmp RESET guest-reset (72 more times)\n");
    CHECK(gather_take(gather, &reset));
    gather_free(gather);
    buffer_done(&told);
}

int main(void) {
    return test_run();
}
