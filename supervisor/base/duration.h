/* Durations and moments as people write and read them: "90", "5m", "1h30m", "2 d ago". Pure. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define DURATION_SIZE 32

/* "90" (seconds), "90s", "1.5h", "1h30m", "1 h 30 min", "500ms", "2d", "1w". False: it is none. */
bool duration_parse(const char *text, uint64_t *ms);
/* A moment of the past: RFC 3339 in UTC, a day "2026-11-23", or a duration before now. */
bool duration_parse_since(const char *text, int64_t now_ms, int64_t *since_ms, struct error *error);

/* The two largest units: "42 s", "5 min", "1 h 30 min", "3 d 4 h"; below 10 s "2.1 s". */
void duration_format(uint64_t ms, char text[DURATION_SIZE]);
/* In one unit, for a table: "42s", "5m", "26h", "3d". */
void duration_format_short(uint64_t ms, char text[DURATION_SIZE]);
