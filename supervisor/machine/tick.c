#include "tick.h"

/* By the loop's own clock, which does not move while callbacks run: never early, never twice. */
void tick_start(uv_timer_t *timer, uv_timer_cb on_tick, uint64_t interval_ms) {
    uint64_t since_last = uv_now(timer->loop) % interval_ms;
    uv_timer_start(timer, on_tick, interval_ms - since_last, 0);
}
