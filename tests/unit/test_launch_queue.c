/* Launches that wait for a worker thread: how many are under way, whom they leave room, and which
 * deadline a VM has meanwhile. */
#include "test.h"

#include "base/alloc.h"
#include "daemon/launch_queue.h"
#include "machine/vm.h"
#include "machine/vm_launch.h"
#include "machine/vm_private.h"

enum { LAUNCHES = 20, LIMIT_MS = 20 };

struct line {
    uv_loop_t loop;
    struct launch_queue queue;
    struct launch_turn turns[LAUNCHES];
    struct thread_work other; /* what the store's writer would be */
    uv_sem_t go;
    unsigned begun, ended, begun_before_other;
};

static struct line *line_of(struct launch_turn *turn) {
    return turn->queue->loop->data;
}

static void on_begin(struct launch_turn *turn) {
    struct line *line = line_of(turn);
    CHECK(turn == &line->turns[line->begun++]);
    CHECK(line->begun - line->ended <= LAUNCH_QUEUE_THREADS);
}

static void on_run(struct launch_turn *turn) {
    uv_sem_wait(&line_of(turn)->go);
}

static void on_end(struct launch_turn *turn) {
    line_of(turn)->ended++;
}

static void on_other(struct thread_work *work) {
    (void)work;
}

static void on_other_done(struct thread_work *work) {
    struct line *line = work->data;
    line->begun_before_other = line->begun;
    for (int i = 0; i < LAUNCHES; i++)
        uv_sem_post(&line->go);
}

/* None of the launches ends before the other work is done. */
TEST(a_thread_is_left_for_other_work) {
    struct line line = {0};
    CHECK_INT(uv_loop_init(&line.loop), 0);
    uv_sem_init(&line.go, 0);
    line.loop.data = &line;
    line.queue.loop = &line.loop;
    for (int i = 0; i < LAUNCHES; i++) {
        line.turns[i] = (struct launch_turn){.begin = on_begin, .run = on_run, .end = on_end};
        launch_queue_add(&line.queue, &line.turns[i]);
    }
    CHECK(!launch_queue_moves(&line.queue, 60000));
    line.other.data = &line;
    thread_work_start(&line.loop, &line.other, on_other, on_other_done);
    uv_run(&line.loop, UV_RUN_DEFAULT);
    CHECK_INT(line.begun_before_other, LAUNCH_QUEUE_THREADS);
    CHECK_INT(line.ended, LAUNCHES);
    CHECK_INT(line.queue.under_way, 0);
    CHECK(launch_queue_moves(&line.queue, 60000));
    uv_sem_destroy(&line.go);
    CHECK_INT(uv_loop_close(&line.loop), 0);
}

static void on_any_begin(struct launch_turn *turn) {
    line_of(turn)->begun++;
}

static void on_nothing(struct launch_turn *turn) {
    (void)turn;
}

/* What is released ends while those before it are still under way, or wait. */
TEST(a_cancelled_launch_does_not_wait_for_its_turn) {
    struct line line = {0};
    const unsigned count = LAUNCH_QUEUE_THREADS + 2, last = count - 1;
    CHECK_INT(uv_loop_init(&line.loop), 0);
    uv_sem_init(&line.go, 0);
    line.loop.data = &line;
    line.queue.loop = &line.loop;
    for (unsigned i = 0; i < count; i++) {
        line.turns[i] = (struct launch_turn){
            .begin = on_any_begin, .run = i == last ? on_nothing : on_run, .end = on_end};
        launch_queue_add(&line.queue, &line.turns[i]);
    }
    launch_queue_release(&line.queue, &line.turns[last]);
    launch_queue_release(&line.queue, &line.turns[last]); /* it waits no more: nothing happens */
    CHECK_INT(line.begun, LAUNCH_QUEUE_THREADS + 1);
    while (line.ended == 0)
        uv_run(&line.loop, UV_RUN_ONCE);
    CHECK_INT(line.ended, 1);
    CHECK_INT(line.queue.under_way, LAUNCH_QUEUE_THREADS);
    CHECK(line.queue.first == &line.turns[last - 1] && line.queue.last == line.queue.first);
    CHECK(!launch_queue_moves(&line.queue, 60000)); /* those under way may hang */
    for (unsigned i = 0; i < count; i++)
        uv_sem_post(&line.go);
    uv_run(&line.loop, UV_RUN_DEFAULT);
    CHECK_INT(line.ended, count);
    CHECK(launch_queue_moves(&line.queue, 60000));
    uv_sem_destroy(&line.go);
    CHECK_INT(uv_loop_close(&line.loop), 0);
}

/* --- the VM that waits --- */

struct waiting_vm {
    uv_loop_t loop;
    struct vm *vm;
    unsigned asked, moves; /* at so many deadlines others proceed */
};

static void on_prepare(void *context, struct vm *vm) {
    (void)context;
    (void)vm;
}

static bool on_queued(void *context) {
    struct waiting_vm *wait = context;
    return wait->asked++ < wait->moves;
}

static void on_changed(void *context, struct vm *vm) {
    (void)context;
    (void)vm;
}

static void on_event(void *context, struct vm *vm, enum store_event_kind kind, const char *text) {
    (void)context;
    (void)vm;
    (void)kind;
    (void)text;
}

static struct vm_listener listener = {
    .prepare = on_prepare, .queued = on_queued, .changed = on_changed, .event = on_event};

static void wait_begin(struct waiting_vm *wait, unsigned moves) {
    *wait = (struct waiting_vm){.moves = moves};
    uv_loop_init(&wait->loop);
    listener.context = wait;
    wait->vm = vm_new(&wait->loop, "test", "uuid", 1, &listener);
    vm_start(wait->vm);
    CHECK_INT(wait->vm->state, STATE_STARTING);
}

/* Until its deadline, which is brought forward. */
static void wait_for_deadline(struct waiting_vm *wait) {
    unsigned asked = wait->asked;
    vm_set_deadline(wait->vm, LIMIT_MS);
    while (wait->asked == asked && wait->vm->state == STATE_STARTING)
        uv_run(&wait->loop, UV_RUN_ONCE);
}

static void wait_end(struct waiting_vm *wait) {
    const struct error error = {.code = ERROR_FAILED, .text = "ended by the test"};
    vm_launch_prepared(wait->vm, NULL, &error);
    CHECK_INT(wait->vm->state, STATE_FAILED);
    vm_close(wait->vm);
    uv_run(&wait->loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&wait->loop), 0);
}

TEST(a_launch_that_waits_has_no_deadline_while_others_proceed) {
    struct waiting_vm wait;
    wait_begin(&wait, 2);
    wait_for_deadline(&wait);
    wait_for_deadline(&wait);
    CHECK_INT(wait.asked, 2);
    CHECK_INT(wait.vm->state, STATE_STARTING);
    CHECK(uv_timer_get_due_in(&wait.vm->deadline) > LIMIT_MS);
    wait_for_deadline(&wait);
    CHECK_INT(wait.vm->state, STATE_ABORTING);
    CHECK_STRING(wait.vm->reason,
                 "its launch waited for others, and none of them was prepared in time");
    wait_end(&wait);
}

TEST(its_deadline_begins_with_its_preparation) {
    struct waiting_vm wait;
    wait_begin(&wait, 1);
    vm_set_deadline(wait.vm, LIMIT_MS);
    CHECK(vm_launch_begins(wait.vm));
    CHECK(uv_timer_get_due_in(&wait.vm->deadline) > LIMIT_MS);
    wait_for_deadline(&wait);
    CHECK_INT(wait.asked, 0);
    CHECK_INT(wait.vm->state, STATE_ABORTING);
    CHECK_STRING(wait.vm->reason, "its launch was not prepared in time");
    wait_end(&wait);
}

TEST(what_was_stopped_while_it_waited_is_not_prepared) {
    struct waiting_vm wait;
    const struct vm_stop_options force = {.force = true};
    const struct error none = {0};
    wait_begin(&wait, 0);
    vm_stop(wait.vm, &force);
    CHECK(!vm_launch_begins(wait.vm));
    vm_launch_prepared(wait.vm, NULL, &none);
    CHECK_INT(wait.vm->state, STATE_STOPPED);
    vm_close(wait.vm);
    uv_run(&wait.loop, UV_RUN_DEFAULT);
    CHECK_INT(uv_loop_close(&wait.loop), 0);
}

int main(void) {
    return test_run();
}
