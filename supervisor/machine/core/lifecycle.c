#include "lifecycle.h"

#include <string.h>

#define TO(state, what)                                                                            \
    { true, STATE_##state, EFFECT_##what }

/* Rows that every state with a guest in it shares. QMP's end usually comes just before the exit of
 * the process, so that a crash passes through "lost" and never through an orderly stop's states. */
#define GUEST_ROWS                                                                                 \
    [INPUT_STOP] = TO(STOPPING, POWERDOWN), [INPUT_FORCE_STOP] = TO(QUITTING, QUIT),               \
    [INPUT_KILL] = TO(KILLING, KILL), [INPUT_SHUTDOWN] = TO(QUITTING, NONE),                       \
    [INPUT_QMP_LOST] = TO(LOST, RECONNECT), [INPUT_EXITED] = TO(FAILED, RELEASE)

/* Pausing and resuming show when QEMU says that it has done so, not before. */
#define RUNNING_ROWS(self)                                                                         \
    GUEST_ROWS, [INPUT_PAUSE] = TO(self, PAUSE), [INPUT_QMP_STOP] = TO(PAUSED, NONE),              \
                [INPUT_RESET] = TO(BOOTING, RESET), [INPUT_SUSPEND] = TO(SUSPENDING, SAVE)

#define IDLE_ROWS [INPUT_START] = TO(STARTING, LAUNCH), [INPUT_FOUND] = TO(LOST, RECONNECT)

static const struct lifecycle_step table[STATE_COUNT][INPUT_COUNT] =
    {
        [STATE_STOPPED] = {IDLE_ROWS},
        [STATE_FAILED] = {IDLE_ROWS},
        [STATE_STARTING] =
            {
                [INPUT_LAUNCH_FAILED] = TO(FAILED, RELEASE),
                [INPUT_QMP_READY] = TO(BOOTING, CONT),
                [INPUT_FOUND] = TO(LOST, RECONNECT),
                [INPUT_QMP_LOST] = TO(ABORTING, KILL),
                [INPUT_DEADLINE] = TO(ABORTING, KILL),
                [INPUT_STOP] = TO(KILLING, KILL),
                [INPUT_FORCE_STOP] = TO(KILLING, KILL),
                [INPUT_KILL] = TO(KILLING, KILL),
                [INPUT_EXITED] = TO(FAILED, RELEASE),
            },
        [STATE_BOOTING] = {RUNNING_ROWS(BOOTING), [INPUT_READY] = TO(READY, NONE)},
        [STATE_RUNNING] = {RUNNING_ROWS(RUNNING), [INPUT_READY] = TO(READY, NONE),
                           [INPUT_GUEST_RESET] = TO(BOOTING, NONE)},
        [STATE_READY] = {RUNNING_ROWS(READY), [INPUT_GUEST_RESET] = TO(BOOTING, NONE)},
        [STATE_PAUSED] =
            {
                GUEST_ROWS,
                [INPUT_RESUME] = TO(PAUSED, CONT),
                [INPUT_QMP_RESUME] = TO(RUNNING, NONE),
                [INPUT_RESET] = TO(PAUSED, RESET),
                [INPUT_RESET_DONE] = TO(BOOTING, CONT),
            },
        [STATE_SUSPENDING] =
            {
                [INPUT_SAVED] = TO(QUITTING, QUIT),
                [INPUT_SAVE_FAILED] = TO(RUNNING, CONT),
                [INPUT_DEADLINE] = TO(LOST, RECONNECT),
                [INPUT_QMP_LOST] = TO(LOST, RECONNECT),
                [INPUT_SHUTDOWN] = TO(QUITTING, NONE),
                [INPUT_FORCE_STOP] = TO(QUITTING, QUIT),
                [INPUT_KILL] = TO(KILLING, KILL),
                [INPUT_EXITED] = TO(FAILED, RELEASE),
            },
        [STATE_STOPPING] =
            {
                [INPUT_PRESS] = TO(STOPPING, POWERDOWN),
                [INPUT_SHUTDOWN] = TO(QUITTING, NONE),
                [INPUT_QMP_LOST] = TO(STOPPING, RECONNECT),
                [INPUT_FOUND_RUNNING] = TO(STOPPING, POWERDOWN),
                [INPUT_FOUND_PAUSED] = TO(STOPPING, POWERDOWN),
                [INPUT_FOUND_PRELAUNCH] = TO(QUITTING, QUIT),
                [INPUT_DEADLINE] = TO(QUITTING, QUIT),
                [INPUT_GIVE_UP] = TO(RUNNING, EXPIRE),
                [INPUT_FORCE_STOP] = TO(QUITTING, QUIT),
                [INPUT_KILL] = TO(KILLING, KILL),
                [INPUT_EXITED] = TO(STOPPED, RELEASE),
            },
        [STATE_QUITTING] =
            {
                [INPUT_FOUND_RUNNING] = TO(QUITTING, QUIT),
                [INPUT_FOUND_PAUSED] = TO(QUITTING, QUIT),
                [INPUT_FOUND_PRELAUNCH] = TO(QUITTING, QUIT),
                [INPUT_DEADLINE] = TO(KILLING, KILL),
                [INPUT_KILL] = TO(KILLING, KILL),
                [INPUT_EXITED] = TO(STOPPED, RELEASE),
            },
        [STATE_KILLING] =
            {
                [INPUT_DEADLINE] = TO(KILLING, KILL),
                [INPUT_LAUNCH_FAILED] = TO(STOPPED, RELEASE),
                [INPUT_EXITED] = TO(STOPPED, RELEASE),
            },
        [STATE_ABORTING] =
            {
                [INPUT_DEADLINE] = TO(ABORTING, KILL),
                [INPUT_LAUNCH_FAILED] = TO(FAILED, RELEASE),
                [INPUT_EXITED] = TO(FAILED, RELEASE),
            },
        [STATE_LOST] =
            {
                [INPUT_FOUND_RUNNING] = TO(RUNNING, NONE),
                [INPUT_FOUND_PAUSED] = TO(PAUSED, NONE),
                [INPUT_FOUND_PRELAUNCH] = TO(BOOTING, CONT),
                [INPUT_SAVED] = TO(QUITTING, QUIT),
                [INPUT_SAVE_FAILED] = TO(RUNNING, CONT),
                [INPUT_LOADS] = TO(STARTING, NONE),
                [INPUT_SHUTDOWN] = TO(QUITTING, NONE),
                [INPUT_DEADLINE] = TO(LOST, RECONNECT),
                [INPUT_STOP] = TO(STOPPING, RECONNECT),
                [INPUT_FORCE_STOP] = TO(QUITTING, RECONNECT),
                [INPUT_KILL] = TO(KILLING, KILL),
                [INPUT_EXITED] = TO(FAILED, RELEASE),
            },
};

struct lifecycle_step lifecycle_step(enum lifecycle_state state, enum lifecycle_input input) {
    struct lifecycle_step step = table[state][input];
    if (!step.listed)
        step.next = state;
    return step;
}

enum lifecycle_input lifecycle_found_input(const char *status) {
    if (strcmp(status, "prelaunch") == 0)
        return INPUT_FOUND_PRELAUNCH;
    return strcmp(status, "running") == 0 ? INPUT_FOUND_RUNNING : INPUT_FOUND_PAUSED;
}

/* A goal that a state can still lead to by itself is possible; a state on its way down is not on
 * its way up. "aborting" is kept possible: its waiters are told the reason once it has failed. */
#define DOWN                                                                                       \
    [STATE_STOPPED] = VERDICT_IMPOSSIBLE, [STATE_FAILED] = VERDICT_IMPOSSIBLE,                     \
    [STATE_STOPPING] = VERDICT_IMPOSSIBLE, [STATE_QUITTING] = VERDICT_IMPOSSIBLE,                  \
    [STATE_KILLING] = VERDICT_IMPOSSIBLE, [STATE_SUSPENDING] = VERDICT_IMPOSSIBLE

static const enum lifecycle_verdict verdicts[GOAL_COUNT][STATE_COUNT] = {
    [GOAL_STARTED] = {DOWN, [STATE_BOOTING] = VERDICT_REACHED, [STATE_RUNNING] = VERDICT_REACHED,
                      [STATE_READY] = VERDICT_REACHED, [STATE_PAUSED] = VERDICT_IMPOSSIBLE},
    [GOAL_RUNNING] = {DOWN, [STATE_BOOTING] = VERDICT_REACHED, [STATE_RUNNING] = VERDICT_REACHED,
                      [STATE_READY] = VERDICT_REACHED},
    [GOAL_READY] = {DOWN, [STATE_READY] = VERDICT_REACHED},
    [GOAL_PAUSED] = {DOWN, [STATE_PAUSED] = VERDICT_REACHED},
    [GOAL_STOPPED] = {[STATE_STOPPED] = VERDICT_REACHED, [STATE_FAILED] = VERDICT_REACHED},
    [GOAL_SUSPENDED] = {[STATE_STOPPED] = VERDICT_REACHED,
                        [STATE_FAILED] = VERDICT_IMPOSSIBLE,
                        [STATE_BOOTING] = VERDICT_IMPOSSIBLE,
                        [STATE_RUNNING] = VERDICT_IMPOSSIBLE,
                        [STATE_READY] = VERDICT_IMPOSSIBLE,
                        [STATE_PAUSED] = VERDICT_IMPOSSIBLE,
                        [STATE_STOPPING] = VERDICT_IMPOSSIBLE,
                        [STATE_KILLING] = VERDICT_IMPOSSIBLE},
};

enum lifecycle_verdict lifecycle_verdict(enum lifecycle_goal goal, enum lifecycle_state state) {
    return verdicts[goal][state];
}

bool lifecycle_has_process(enum lifecycle_state state) {
    return state != STATE_STOPPED && state != STATE_FAILED;
}

uint64_t lifecycle_deadline_ms(enum lifecycle_state state) {
#define DEADLINE(name, word, deadline) [name] = deadline,
    static const uint64_t deadlines[] = {LIFECYCLE_STATES(DEADLINE)};
    return deadlines[state];
}

#define WORD(name, word, ...) [name] = word,
const char *lifecycle_state_word(enum lifecycle_state state) {
    static const char *const words[] = {LIFECYCLE_STATES(WORD)};
    return words[state];
}

const char *lifecycle_input_word(enum lifecycle_input input) {
    static const char *const words[] = {LIFECYCLE_INPUTS(WORD)};
    return words[input];
}

const char *lifecycle_effect_word(enum lifecycle_effect effect) {
    static const char *const words[] = {LIFECYCLE_EFFECTS(WORD)};
    return words[effect];
}

const char *lifecycle_goal_word(enum lifecycle_goal goal) {
    static const char *const words[] = {"started", "running", "ready",
                                        "paused",  "stopped", "suspended"};
    return words[goal];
}

bool lifecycle_goal_from_word(const char *word, enum lifecycle_goal *goal) {
    for (int i = 0; i < GOAL_COUNT; i++) {
        if (strcmp(word, lifecycle_goal_word((enum lifecycle_goal)i)) == 0) {
            *goal = (enum lifecycle_goal)i;
            return true;
        }
    }
    return false;
}
