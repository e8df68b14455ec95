/* Timers that fire together, at the next multiple of their interval, so that a supervisor of many
 * VMs wakes the processor once for all of them. A tick fires once; its callback starts the next
 * one. */
#pragma once

#include <stdint.h>
#include <uv.h>

void tick_start(uv_timer_t *timer, uv_timer_cb on_tick, uint64_t interval_ms);
