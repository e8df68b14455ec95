/* The whole lifecycle as text, compared with golden/lifecycle.txt: any change of behaviour is a
 * line in a review. UPDATE_GOLDEN=1 writes it. The invariants below hold for every table. */
#include "base/buffer.h"
#include "base/file.h"
#include "machine/core/lifecycle.h"
#include "test.h"

static const char golden[] = "golden/lifecycle.txt";

static void print_table(struct buffer *out) {
    for (int state = 0; state < STATE_COUNT; state++) {
        for (int input = 0; input < INPUT_COUNT; input++) {
            struct lifecycle_step step =
                lifecycle_step((enum lifecycle_state)state, (enum lifecycle_input)input);
            if (step.listed)
                buffer_printf(out, "%-9s --%-15s -> %-9s %s\n",
                              lifecycle_state_word((enum lifecycle_state)state),
                              lifecycle_input_word((enum lifecycle_input)input),
                              lifecycle_state_word(step.next), lifecycle_effect_word(step.effect));
            else
                buffer_printf(out, "%-9s --%-15s .\n",
                              lifecycle_state_word((enum lifecycle_state)state),
                              lifecycle_input_word((enum lifecycle_input)input));
        }
    }
}

static void print_verdicts(struct buffer *out) {
    static const char *const words[] = {"possible", "reached", "impossible"};
    for (int goal = 0; goal < GOAL_COUNT; goal++)
        for (int state = 0; state < STATE_COUNT; state++)
            buffer_printf(
                out, "goal %-8s in %-9s %s\n", lifecycle_goal_word((enum lifecycle_goal)goal),
                lifecycle_state_word((enum lifecycle_state)state),
                words[lifecycle_verdict((enum lifecycle_goal)goal, (enum lifecycle_state)state)]);
}

TEST(table_is_as_reviewed) {
    struct buffer actual = {0}, expected = {0};
    struct error error = {0};
    print_table(&actual);
    print_verdicts(&actual);
    if (getenv("UPDATE_GOLDEN"))
        CHECK(file_write(golden, actual.data, actual.length, 0644, &error));
    CHECK(file_read(golden, 1 << 20, &expected, &error));
    CHECK_STRING(actual.data, expected.data);
    buffer_done(&actual);
    buffer_done(&expected);
}

TEST(every_state_with_a_process_notices_its_end) {
    for (int state = 0; state < STATE_COUNT; state++) {
        struct lifecycle_step step = lifecycle_step((enum lifecycle_state)state, INPUT_EXITED);
        CHECK_INT(step.listed, lifecycle_has_process((enum lifecycle_state)state));
        if (step.listed)
            CHECK_INT(step.effect, EFFECT_RELEASE);
    }
}

TEST(deadlines_alone_end_every_way_down) {
    for (int state = 0; state < STATE_COUNT; state++) {
        enum lifecycle_state at = (enum lifecycle_state)state;
        if (lifecycle_deadline_ms(at) == 0 || at == STATE_LOST)
            continue;
        bool killed = false;
        for (int turn = 0; turn < 4 && !killed; turn++) {
            struct lifecycle_step step = lifecycle_step(at, INPUT_DEADLINE);
            CHECK(step.listed);
            killed = step.effect == EFFECT_KILL;
            at = step.next;
        }
        CHECK(killed);
    }
}

TEST(a_kill_is_possible_wherever_there_is_a_process) {
    for (int state = 0; state < STATE_COUNT; state++) {
        if (!lifecycle_has_process((enum lifecycle_state)state))
            continue;
        struct lifecycle_step step = lifecycle_step((enum lifecycle_state)state, INPUT_KILL);
        CHECK(step.listed || state == STATE_KILLING || state == STATE_ABORTING);
    }
}

TEST(a_crash_never_looks_like_a_stop) {
    static const enum lifecycle_state up[] = {STATE_BOOTING, STATE_RUNNING, STATE_READY,
                                              STATE_PAUSED};
    for (size_t i = 0; i < sizeof up / sizeof *up; i++) {
        struct lifecycle_step lost = lifecycle_step(up[i], INPUT_QMP_LOST);
        CHECK_INT(lost.next, STATE_LOST);
        CHECK_INT(lifecycle_step(lost.next, INPUT_EXITED).next, STATE_FAILED);
        CHECK_INT(lifecycle_step(up[i], INPUT_EXITED).next, STATE_FAILED);
    }
}

TEST(words_go_both_ways) {
    enum lifecycle_goal goal;
    for (int i = 0; i < GOAL_COUNT; i++) {
        CHECK(lifecycle_goal_from_word(lifecycle_goal_word((enum lifecycle_goal)i), &goal));
        CHECK_INT(goal, i);
    }
    CHECK(!lifecycle_goal_from_word("dancing", &goal));
}

int main(void) {
    return test_run();
}
