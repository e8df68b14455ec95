#include "base/alloc.h"
#include "base/word_set.h"
#include "daemon/policy.h"
#include "daemon/schedule.h"
#include "test.h"

static enum policy_answer ask(enum store_restart restart, bool failed, uint64_t now_ms,
                              struct policy_history *history, uint64_t *wait_ms) {
    const struct policy_end end = {restart, failed, false, now_ms, now_ms};
    return policy_decide(&end, history, wait_ms);
}

TEST(words_name_policies) {
    static const struct {
        const char *word;
        bool known;
        enum store_restart restart;
    } rows[] = {
        {"no", true, STORE_RESTART_NO},         {"on-failure", true, STORE_RESTART_ON_FAILURE},
        {"always", true, STORE_RESTART_ALWAYS}, {"", false, STORE_RESTART_NO},
        {"never", false, STORE_RESTART_NO},     {"Always", false, STORE_RESTART_NO},
        {NULL, false, STORE_RESTART_NO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int restart = STORE_RESTART_NO;
        CHECK_INT(word_set_find(&store_restart_words, rows[i].word, &restart), rows[i].known);
        CHECK_INT(restart, rows[i].restart);
    }
    scoped(alloc_release) char *choice = word_set_choice(&store_restart_words);
    CHECK_STRING(choice, "no, on-failure or always");
    scoped(alloc_release) char *keys = word_set_choice(&store_host_keys_words);
    CHECK_STRING(keys, "guest or preseed");
}

TEST(when_something_is_due) {
    static const struct {
        int64_t every_ms, last_ms, tried_ms, ran_ms, now_ms;
        bool due;
    } rows[] = {
        {0, 0, 0, 1000, 1000, false},                 /* never asked for */
        {60000, 0, 0, 100000, 100000, true},          /* the first one at once, */
        {60000, 0, 0, 0, 100000, false},              /* but not of what never ran */
        {60000, 50000, 0, 100000, 100000, false},     /* too early */
        {60000, 50000, 0, 110000, 110000, true},      /* its time */
        {60000, 50000, 0, 9900000, 9900000, true},    /* … or long after it: once */
        {60000, 50000, 0, 40000, 9900000, false},     /* has not run since */
        {60000, 200000, 0, 100000, 100000, true},     /* the clock was set back */
        {9000000, 0, 100000, 9999999, 200000, false}, /* failed a moment ago */
        {9000000, 0, 100000, 9999999, 9100000, true}, /* … ten minutes ago */
        {60000, 0, 9000000, 9100000, 9070000, true},  /* … one that is due more often */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct schedule_moment moment = {(uint64_t)rows[i].every_ms, rows[i].last_ms,
                                               rows[i].tried_ms, rows[i].ran_ms};
        CHECK_INT(schedule_is_due(&moment, rows[i].now_ms), rows[i].due);
    }
}

TEST(who_is_started_again) {
    static const struct {
        enum store_restart restart;
        bool failed;
        enum policy_answer answer;
    } rows[] = {
        {STORE_RESTART_NO, true, POLICY_LEAVE},
        {STORE_RESTART_NO, false, POLICY_LEAVE},
        {STORE_RESTART_ON_FAILURE, true, POLICY_RESTART},
        {STORE_RESTART_ON_FAILURE, false, POLICY_LEAVE},
        {STORE_RESTART_ALWAYS, true, POLICY_RESTART},
        {STORE_RESTART_ALWAYS, false, POLICY_RESTART},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy_history history = {0};
        uint64_t wait_ms = 0;
        CHECK_INT(ask(rows[i].restart, rows[i].failed, 5000, &history, &wait_ms), rows[i].answer);
        CHECK_INT(wait_ms, rows[i].answer == POLICY_RESTART ? POLICY_FIRST_WAIT_MS : 0);
        CHECK_INT(history.count, rows[i].answer == POLICY_RESTART);
    }
}

TEST(a_network_that_is_early_is_tried_four_times_more) {
    const struct policy_end end = {STORE_RESTART_NO, true, true, 5000, 5000};
    struct policy_history history = {0};
    for (uint64_t expected_ms = 1000; expected_ms <= 8000; expected_ms *= 2) {
        uint64_t wait_ms = 0;
        CHECK_INT(policy_decide(&end, &history, &wait_ms), POLICY_RESTART);
        CHECK_INT(wait_ms, expected_ms);
    }
    uint64_t wait_ms = 0;
    CHECK_INT(policy_decide(&end, &history, &wait_ms), POLICY_LEAVE);
    CHECK_INT(history.count, 0);
}

TEST(the_wait_doubles_up_to_a_minute_and_the_tenth_start_is_the_last) {
    static const uint64_t waits_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
    struct policy_history history = {0};
    uint64_t now_ms = 1000000, wait_ms = 0;
    for (size_t i = 0; i < sizeof waits_ms / sizeof *waits_ms; i++) {
        CHECK_INT(ask(STORE_RESTART_ALWAYS, true, now_ms, &history, &wait_ms), POLICY_RESTART);
        CHECK_INT(wait_ms, waits_ms[i]);
        now_ms += wait_ms;
    }
    CHECK_INT(ask(STORE_RESTART_ALWAYS, true, now_ms, &history, &wait_ms), POLICY_GIVE_UP);
    CHECK_INT(history.count, POLICY_STARTS - 1);
}

TEST(the_window_slides) {
    struct policy_history history = {0};
    uint64_t wait_ms = 0;
    for (uint64_t i = 0; i < POLICY_STARTS - 1; i++)
        CHECK_INT(ask(STORE_RESTART_ALWAYS, true, 1000 + i, &history, &wait_ms), POLICY_RESTART);
    CHECK_INT(ask(STORE_RESTART_ALWAYS, true, 999 + POLICY_WINDOW_MS, &history, &wait_ms),
              POLICY_GIVE_UP);
    CHECK_INT(ask(STORE_RESTART_ALWAYS, true, 1000 + POLICY_WINDOW_MS, &history, &wait_ms),
              POLICY_RESTART);
    CHECK_INT(ask(STORE_RESTART_ALWAYS, true, 1000 + POLICY_WINDOW_MS, &history, &wait_ms),
              POLICY_GIVE_UP);
}

TEST(a_long_run_begins_anew) {
    struct policy_history history = {0};
    uint64_t wait_ms = 0, now_ms = 1000;
    for (int i = 0; i < 5; i++)
        ask(STORE_RESTART_ALWAYS, true, now_ms, &history, &wait_ms);
    CHECK_INT(wait_ms, 16000);
    struct policy_end end = {STORE_RESTART_ALWAYS, true, false, now_ms,
                             now_ms + POLICY_WINDOW_MS - 1};
    CHECK_INT(policy_decide(&end, &history, &wait_ms), POLICY_RESTART);
    CHECK_INT(wait_ms, 32000);
    end.now_ms++;
    CHECK_INT(policy_decide(&end, &history, &wait_ms), POLICY_RESTART);
    CHECK_INT(wait_ms, POLICY_FIRST_WAIT_MS);
}

int main(void) {
    return test_run();
}
