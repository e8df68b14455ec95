/* How a launch ended, in words: from QEMU's exit, the last SHUTDOWN event and QEMU's own last
 * words (log_tail.h). */
#pragma once

#include "base/error.h"
#include "machine/process_end.h"

#include <stdbool.h>
#include <stdint.h>

/* A sentence to append when QEMU was not permitted to open a file where macOS guards files from
 * jobs (TCC), or when it was killed before it said a word; "". Constant. */
const char *vm_report_denial(const struct process_end *end, const char *words);
/* What to do when QEMU does not know the type of the machine; "" otherwise. Caller frees. */
char *vm_report_unknown_machine(const char *name, const char *words);
/* What to do when QEMU could not bind a port that was free before it was started; "" otherwise.
 * Caller frees. */
char *vm_report_taken_port(const char *name, const char *words);
/* What is known beyond QEMU's words: "; the disk is in use by process 4711 (qemu-nbd)" when they
 * are about a lock on an image; otherwise "". Caller frees. */
char *vm_report_holders(const char *words);

/* "guest-shutdown", "host-qmp-quit", "signal 9", "exit 1", "gone". Caller frees. */
char *vm_report_cause(const struct process_end *end, const char *shutdown_reason);

/* The sentence for an end that nobody asked for: "the guest powered itself off (guest-shutdown)".
 * Caller frees. */
char *vm_report_unasked(const char *cause);

/* Sets ERROR_TIMEOUT: a stop that must not escalate reached its limit. Always false. disk_full: the
 * guest stands still at a write for which the host has no space. */
bool vm_report_expired(const char *name, uint64_t limit_ms, int64_t presses, bool disk_full,
                       struct error *error);

/* "guest-shutdown after 1 press, 2.1 s"; "quit after 2 presses, 90.0 s"; "killed after …". */
char *vm_report_stop(const char *cause, bool killed, int64_t presses, uint64_t took_ms,
                     bool disk_full);
