#include "policy.h"

enum policy_answer policy_decide(const struct policy_end *end, struct policy_history *history,
                                 uint64_t *wait_ms) {
    if (end->network_is_early && history->early < POLICY_EARLY_RETRIES) {
        *wait_ms = (uint64_t)POLICY_FIRST_WAIT_MS << history->early++;
        return POLICY_RESTART;
    }
    if (end->restart == STORE_RESTART_NO ||
        (end->restart == STORE_RESTART_ON_FAILURE && !end->failed))
        return POLICY_LEAVE;
    if (end->began_ms && end->now_ms - end->began_ms >= POLICY_WINDOW_MS)
        history->streak = 0;
    uint64_t *oldest = &history->restarts_ms[history->count % POLICY_RESTARTS];
    if (history->count >= POLICY_RESTARTS && end->now_ms - *oldest < POLICY_WINDOW_MS)
        return POLICY_GIVE_UP;
    uint64_t wait = POLICY_FIRST_WAIT_MS;
    for (unsigned i = 0; i < history->streak && wait < POLICY_LAST_WAIT_MS; i++)
        wait *= 2;
    *wait_ms = wait < POLICY_LAST_WAIT_MS ? wait : POLICY_LAST_WAIT_MS;
    *oldest = end->now_ms;
    history->count++;
    history->streak++;
    return POLICY_RESTART;
}
