/* What can happen to a VM: one table, pure. No pointers, no time, at most one effect per row; a
 * pair that is not listed means "stay, do nothing". machine/vm.c acts on it for a supervised VM,
 * cli/link/offline_stop.c for one that nobody supervises.
 *
 * lifecycle_verdict() answers waiters: is the goal reached, possible, or impossible from here. That
 * makes every command idempotent: a second start joins the first one's wait, a start of a running
 * VM succeeds, a stop of a stopped one too. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LIFECYCLE_PRESS_INTERVAL_MS 10000 /* the power button again, while the guest still runs */

/* name, word, deadline armed on entry in ms (0: none) */
#define LIFECYCLE_STATES(X)                                                                        \
    X(STATE_STOPPED, "stopped", 0)                                                                 \
    X(STATE_STARTING, "starting", 60000) /* prepared, spawned; QMP has not answered yet */         \
    X(STATE_BOOTING, "booting", 0)       /* the guest runs and has not been heard of */            \
    X(STATE_RUNNING, "running", 0) /* the guest runs; adopted or resumed, readiness unknown */     \
    X(STATE_READY, "ready", 0)     /* the guest phoned home or its sshd answers */                 \
    X(STATE_PAUSED, "paused", 0)                                                                   \
    X(STATE_SUSPENDING, "suspending", 0) /* memory goes to disk; as long as its size takes */      \
    X(STATE_STOPPING, "stopping", 0)     /* power button pressed; the caller sets the deadline */  \
    X(STATE_QUITTING, "quitting", 10000) /* the end is expected: quit sent, or SHUTDOWN seen */    \
    X(STATE_KILLING, "killing", 5000)    /* SIGKILL sent, by wish */                               \
    X(STATE_ABORTING, "aborting", 5000)  /* SIGKILL sent, because the start failed */              \
    X(STATE_LOST, "lost", 6000) /* QMP does not answer; more than QMP_GREETING_TIMEOUT_MS */       \
    X(STATE_FAILED, "failed", 0)

#define LIFECYCLE_INPUTS(X)                                                                        \
    X(INPUT_START, "start")                                                                        \
    X(INPUT_LAUNCH_FAILED, "launch-failed") /* no process came to be */                            \
    X(INPUT_QMP_READY, "qmp-ready")         /* qmp_capabilities answered: QEMU has started */      \
    X(INPUT_READY, "ready")                                                                        \
    X(INPUT_STOP, "stop")                                                                          \
    X(INPUT_FORCE_STOP, "force-stop")                                                              \
    X(INPUT_KILL, "kill")                                                                          \
    X(INPUT_PRESS, "press-again") /* the power button is due again */                              \
    X(INPUT_DEADLINE, "deadline")                                                                  \
    X(INPUT_GIVE_UP, "give-up") /* deadline of a stop whose caller forbids more */                 \
    X(INPUT_PAUSE, "pause")                                                                        \
    X(INPUT_RESUME, "resume")                                                                      \
    X(INPUT_RESET, "reset")                                                                        \
    X(INPUT_SUSPEND, "suspend")                                                                    \
    X(INPUT_SAVED, "saved") /* its memory is in its disks */                                       \
    X(INPUT_SAVE_FAILED, "save-failed")                                                            \
    X(INPUT_LOADS, "loads")             /* found at the loading of saved memory */                 \
    X(INPUT_SHUTDOWN, "shutdown")       /* QMP SHUTDOWN */                                         \
    X(INPUT_GUEST_RESET, "guest-reset") /* QMP RESET by the guest */                               \
    X(INPUT_RESET_DONE, "reset-done")   /* QMP RESET that was asked for of a paused one */         \
    X(INPUT_QMP_STOP, "qmp-stop")                                                                  \
    X(INPUT_QMP_RESUME, "qmp-resume")                                                              \
    X(INPUT_QMP_LOST, "qmp-lost")                                                                  \
    X(INPUT_FOUND, "found") /* a live process of this instance that nobody supervises */           \
    X(INPUT_FOUND_RUNNING, "found-running") /* query-status after a (re)connect … */             \
    X(INPUT_FOUND_PAUSED, "found-paused")                                                          \
    X(INPUT_FOUND_PRELAUNCH, "found-prelaunch")                                                    \
    X(INPUT_EXITED, "exited")

#define LIFECYCLE_EFFECTS(X)                                                                       \
    X(EFFECT_NONE, "-")                                                                            \
    X(EFFECT_LAUNCH, "launch")                                                                     \
    X(EFFECT_CONT, "cont")                                                                         \
    X(EFFECT_PAUSE, "stop-vcpus")                                                                  \
    X(EFFECT_SAVE, "save-memory")                                                                  \
    X(EFFECT_RESET, "system-reset")                                                                \
    X(EFFECT_POWERDOWN, "powerdown")                                                               \
    X(EFFECT_QUIT, "quit")                                                                         \
    X(EFFECT_KILL, "kill")                                                                         \
    X(EFFECT_RECONNECT, "reconnect")                                                               \
    X(EFFECT_EXPIRE, "expire-waiters")                                                             \
    X(EFFECT_RELEASE, "release")

#define LIFECYCLE_ENUM(name, ...) name,
enum lifecycle_state { LIFECYCLE_STATES(LIFECYCLE_ENUM) STATE_COUNT };
enum lifecycle_input { LIFECYCLE_INPUTS(LIFECYCLE_ENUM) INPUT_COUNT };
enum lifecycle_effect { LIFECYCLE_EFFECTS(LIFECYCLE_ENUM) EFFECT_COUNT };
#undef LIFECYCLE_ENUM

struct lifecycle_step {
    bool listed;
    enum lifecycle_state next;
    enum lifecycle_effect effect;
};

struct lifecycle_step lifecycle_step(enum lifecycle_state state, enum lifecycle_input input);

/* What query-status answered (qapi/run-state.json, RunState). */
enum lifecycle_input lifecycle_found_input(const char *status);

/* "started" is "running" for somebody who will not resume it: a paused VM does not get there. */
enum lifecycle_goal {
    GOAL_STARTED,
    GOAL_RUNNING,
    GOAL_READY,
    GOAL_PAUSED,
    GOAL_STOPPED,
    GOAL_SUSPENDED, /* stopped, for somebody who asked for more */
    GOAL_COUNT,
};
enum lifecycle_verdict { VERDICT_POSSIBLE, VERDICT_REACHED, VERDICT_IMPOSSIBLE };
enum lifecycle_verdict lifecycle_verdict(enum lifecycle_goal goal, enum lifecycle_state state);

bool lifecycle_has_process(enum lifecycle_state state);
uint64_t lifecycle_deadline_ms(enum lifecycle_state state);
const char *lifecycle_state_word(enum lifecycle_state state);
const char *lifecycle_input_word(enum lifecycle_input input);
const char *lifecycle_effect_word(enum lifecycle_effect effect);
const char *lifecycle_goal_word(enum lifecycle_goal goal);
bool lifecycle_goal_from_word(const char *word, enum lifecycle_goal *goal);
