/* Time enters here and nowhere else; pure code takes it as a parameter. */
#pragma once

#include <stdint.h>

#define CLOCK_RFC3339_SIZE 32

uint64_t clock_monotonic_ms(void); /* never goes back; for deadlines and durations */
int64_t clock_wall_ms(void);       /* since 1970 UTC; for records, may jump */

/* "2026-11-23T13:07:35.878Z" */
void clock_rfc3339(int64_t wall_ms, char text[CLOCK_RFC3339_SIZE]);
