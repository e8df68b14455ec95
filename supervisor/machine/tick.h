/* Timers that come due together: at the next multiple of their interval, whoever starts them when.
 * A supervisor of many VMs then wakes the processor up once for all of them. Fires once; whoever
 * wants the next tick starts it again from the callback. */
#pragma once

#include <stdint.h>
#include <uv.h>

void tick_start(uv_timer_t *timer, uv_timer_cb on_tick, uint64_t interval_ms);
