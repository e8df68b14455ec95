#include "waiting.h"

#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>

#define TELL_INTERVAL_MS 1000u

static _Thread_local waiting_teller *teller;
static _Thread_local struct {
    char doing[64];
    uint64_t began_ms, told_ms;
    bool told;
} now;

void waiting_watch(waiting_teller *tell) {
    teller = tell;
}

void waiting_begin(const char *doing, const char *what) {
    if (!teller)
        return;
    snprintf(now.doing, sizeof now.doing, "%s%s%s", doing, *what ? " " : "", what);
    now.began_ms = now.told_ms = clock_monotonic_ms();
    now.told = false;
}

void waiting_tick(void) {
    if (!teller)
        return;
    uint64_t time_ms = clock_monotonic_ms();
    if (time_ms - now.told_ms < TELL_INTERVAL_MS)
        return;
    now.told_ms = time_ms;
    now.told = true;
    teller(now.doing, time_ms - now.began_ms);
}

void waiting_end(void) {
    if (teller && now.told)
        teller(NULL, 0);
    now.told = false;
}
