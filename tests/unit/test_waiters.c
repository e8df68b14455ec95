/* Waiters: a timeout is one moment in time, however often the VM changes on the way there. */
#include "base/alloc.h"
#include "base/clock.h"
#include "daemon/waiters.h"
#include "test.h"

#include <stdio.h>

enum { TIMEOUT_MS = 1000, LATE_MS = 700, TOO_LATE_MS = 1500, TRIES = 5 };

struct waiting {
    struct waiters waiters;
    struct vm vm;
    uv_timer_t late; /* when the VM changes */
    uint64_t began_ms, took_ms;
    struct error error;
    unsigned answers;
};

static void on_done(void *context, struct vm *vm, const struct error *error) {
    struct waiting *wait = context;
    (void)vm;
    wait->answers++;
    wait->error = *error;
    wait->took_ms = clock_monotonic_ms() - wait->began_ms;
}

static void on_late(uv_timer_t *timer) {
    struct waiting *wait = timer->data;
    wait->vm.state = STATE_BOOTING;
    waiters_changed(&wait->waiters, &wait->vm);
    uv_close((uv_handle_t *)timer, NULL);
}

/* Waits for a VM that is ready since so long, but whose reports of the boot are not complete. */
static void wait_once(struct waiting *wait, uint64_t for_ms, bool boots_again) {
    uv_loop_t loop;
    CHECK_INT(uv_loop_init(&loop), 0);
    *wait = (struct waiting){
        .waiters = {.loop = &loop},
        .vm = {.name = (char *)"test", .state = STATE_READY, .boot = {.stage = "modules-final"}},
        .began_ms = clock_monotonic_ms(),
    };
    wait->vm.since_ms = wait->began_ms - for_ms;
    const struct waiter_goal goal = {.goal = GOAL_READY, .timeout_ms = TIMEOUT_MS};
    const struct waiter_calls calls = {.on_done = on_done, .context = wait};
    waiters_add(&wait->waiters, &wait->vm, &goal, &calls);
    if (boots_again) {
        uv_timer_init(&loop, &wait->late);
        wait->late.data = wait;
        uv_timer_start(&wait->late, on_late, LATE_MS / 2, 0);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
    CHECK_INT(wait->answers, 1);
}

/* Once more when it took too long: a busy computer may delay it, but not each time. */
static void wait_for_ready(struct waiting *wait, uint64_t for_ms, bool boots_again,
                           uint64_t limit_ms) {
    for (int i = 0; i < TRIES && (i == 0 || wait->took_ms >= limit_ms); i++)
        wait_once(wait, for_ms, boots_again);
    CHECK(wait->took_ms < limit_ms);
}

/* The reports are waited for until LATE_MS; meanwhile the guest resets. */
TEST(a_timeout_does_not_begin_again) {
    struct waiting wait;
    wait_for_ready(&wait, WAITERS_REPORTS_TIMEOUT_MS - LATE_MS, true, TOO_LATE_MS);
    CHECK_INT(wait.error.code, ERROR_TIMEOUT);
    CHECK(wait.took_ms >= TIMEOUT_MS);
}

/* At the timeout a VM that is ready is ready, also without the rest of its reports. */
TEST(reports_are_not_waited_for_beyond_the_timeout) {
    struct waiting wait;
    wait_for_ready(&wait, 0, false, TOO_LATE_MS);
    CHECK_INT(wait.error.code, ERROR_NONE);
    CHECK(wait.took_ms >= TIMEOUT_MS);
}

TEST(reports_are_waited_for) {
    struct waiting wait;
    wait_for_ready(&wait, WAITERS_REPORTS_TIMEOUT_MS - LATE_MS, false, TIMEOUT_MS);
    CHECK_INT(wait.error.code, ERROR_NONE);
    CHECK(wait.took_ms >= LATE_MS - 10);
}

/* A pause may end by itself or by somebody's word, a panic of the guest's kernel does not. */
TEST(who_waits_for_a_kernel_that_panicked_is_told_at_once) {
    struct waiting wait = {.vm = {.name = (char *)"test", .state = STATE_PAUSED}};
    uv_loop_t loop;
    CHECK_INT(uv_loop_init(&loop), 0);
    wait.waiters.loop = &loop;
    const struct waiter_goal goal = {.goal = GOAL_READY};
    const struct waiter_calls calls = {.on_done = on_done, .context = &wait};
    waiters_add(&wait.waiters, &wait.vm, &goal, &calls);
    waiters_changed(&wait.waiters, &wait.vm);
    CHECK_INT(wait.answers, 0);
    wait.vm.boot_ended = true;
    waiters_changed(&wait.waiters, &wait.vm);
    CHECK_INT(wait.answers, 1);
    CHECK_INT(wait.error.code, ERROR_WRONG_STATE);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
}

static void wait_for_suspended(struct waiting *wait, enum lifecycle_state ends_in) {
    uv_loop_t loop;
    CHECK_INT(uv_loop_init(&loop), 0);
    *wait = (struct waiting){.waiters = {.loop = &loop},
                             .vm = {.name = (char *)"test", .state = STATE_SUSPENDING}};
    const struct waiter_goal goal = {.goal = GOAL_SUSPENDED, .timeout_ms = 1};
    const struct waiter_calls calls = {.on_done = on_done, .context = wait};
    waiters_add(&wait->waiters, &wait->vm, &goal, &calls);
    wait->vm.state = ends_in;
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&loop), 0);
    CHECK_INT(wait->answers, 1);
}

TEST(what_may_still_be_suspended_is_not_said_not_to_have_been) {
    struct waiting wait;
    wait_for_suspended(&wait, STATE_SUSPENDING);
    CHECK_INT(wait.error.code, ERROR_TIMEOUT);
    CHECK_STRING(wait.error.text, "test is not suspended after 0 s: it is suspending");
    wait_for_suspended(&wait, STATE_STOPPED);
    CHECK_INT(wait.error.code, ERROR_WRONG_STATE);
    CHECK_STRING(wait.error.text, "test was not suspended: test stopped");
}

/* `pgsup provision` during a run joins it: since when it runs is told of the first. */
TEST(a_run_of_ansible_that_is_joined_has_begun_when_it_did) {
    struct vm vm = {.name = (char *)"test"};
    vm_provisioning_begins(&vm);
    CHECK(vm.provisioning_ms > 0);
    vm.provisioning_ms = 4711;
    vm_set_provision_result(&vm, NULL);
    vm_provisioning_begins(&vm);
    CHECK_INT(vm.provisioning_ms, 4711);
    vm_set_provision_result(&vm, "ok");
    CHECK_INT(vm.provisioning_ms, 0);
    alloc_release(&vm.provision_result);
}

int main(void) {
    return test_run();
}
