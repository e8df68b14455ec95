/* What pgsup-fetch tells pgsup, line by line on stdout. When nobody reads any more the process ends
 * by SIGPIPE, so that it does not outlive a pgsup that was killed. */
#pragma once

#include "base/error.h"
#include "fetch/wire/fetch_wire.h"

#include <stdint.h>

#define EMIT_INTERVAL_MS 100u /* of progress; the last is always told */

void emit_progress(uint64_t done_bytes, uint64_t total_bytes); /* total 0: unknown */
void emit_note(const char *sentence);
void emit_done(enum fetch_pieces pieces);
void emit_error(const struct error *error);
