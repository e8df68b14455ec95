/* What a QEMU binary is: its version and the options that differ between versions. Asked once for
 * each binary (or once for each thread that asks at the same time), and its answer is written down:
 * a file that was replaced is asked again, a script by each process, and one that failed to answer
 * at its next use. Blocking; any thread. A binary that does not tell is taken for the oldest that
 * is supported, whose options all others know too. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"

#include <stdbool.h>
#include <stdint.h>

#define QEMU_PROGRAM_NOTES "qemu-programs" /* the usual name of the file, in a run folder */

struct qemu_program_identity { /* what tells one file from another, and from what replaces it */
    uint64_t device, inode, size;
    int64_t modified, changed;
};

bool qemu_program_identify(const char *program, struct qemu_program_identity *identity);
bool qemu_program_same(const struct qemu_program_identity *one,
                       const struct qemu_program_identity *other);

/* program: an absolute path. notes_path: the file in which answers are kept; NULL: none. */
void qemu_program_inspect(const char *program, const char *notes_path, struct spec_qemu *qemu);
/* "QEMU emulator version 9.2.1 (Debian …)"; false for another text. */
bool qemu_program_parse_version(const char *text, struct spec_qemu *qemu);
/* What speaks against it with this accelerator on this macOS (0: another system); NULL: nothing.
 * Pure. */
const char *qemu_program_remark(const struct spec_qemu *qemu, enum spec_accel accel,
                                unsigned macos);
/* Whether a line of what `-object help` prints is this word. */
bool qemu_program_lists(const char *help, const char *word);
