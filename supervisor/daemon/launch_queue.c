#include "launch_queue.h"

static void on_turn(struct thread_work *work);
static void on_turned(struct thread_work *work);

static void turn_begin(struct launch_queue *queue, struct launch_turn *turn) {
    queue->under_way++;
    turn->begin(turn);
    thread_work_start(queue->loop, &turn->work, on_turn, on_turned);
}

static void next_turns(struct launch_queue *queue) {
    while (queue->first && queue->under_way < LAUNCH_QUEUE_THREADS) {
        struct launch_turn *turn = queue->first;
        queue->first = turn->next;
        turn_begin(queue, turn);
    }
}

static void on_turn(struct thread_work *work) {
    struct launch_turn *turn = work->data;
    turn->run(turn);
}

static void on_turned(struct thread_work *work) {
    struct launch_turn *turn = work->data;
    struct launch_queue *queue = turn->queue;
    queue->under_way--;
    if (!turn->released)
        queue->moved_ms = uv_now(queue->loop);
    turn->end(turn);
    next_turns(queue);
}

void launch_queue_add(struct launch_queue *queue, struct launch_turn *turn) {
    turn->work.data = turn;
    turn->queue = queue;
    turn->next = NULL;
    turn->released = false;
    if (queue->first)
        queue->last->next = turn;
    else
        queue->first = turn;
    queue->last = turn;
    next_turns(queue);
}

void launch_queue_release(struct launch_queue *queue, struct launch_turn *turn) {
    struct launch_turn *before = NULL, *each = queue->first;
    for (; each && each != turn; each = each->next)
        before = each;
    if (!each)
        return;
    if (before)
        before->next = turn->next;
    else
        queue->first = turn->next;
    if (queue->last == turn)
        queue->last = before;
    turn->released = true;
    turn_begin(queue, turn);
}

bool launch_queue_moves(const struct launch_queue *queue, uint64_t within_ms) {
    return queue->moved_ms && uv_now(queue->loop) - queue->moved_ms < within_ms;
}
