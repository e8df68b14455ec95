#include "run_state.h"

#include "base/alloc.h"
#include "base/name.h"

#include <stddef.h>
#include <string.h>

/* A row without a sentence needs no reason. */
static const struct row {
    const char *word, *sentence;
    bool needs_reset; /* runstate_needs_reset() */
    bool ends_boot;   /* whoever waits for the guest waits in vain */
} rows[] = {
    {"running", NULL, false, false},
    {"paused", NULL, false, false},
    {"prelaunch", NULL, false, false},
    {"colo", "QEMU stopped it to copy its state (COLO)", false, false},
    {"debug", "a debugger stopped it", false, false},
    {"finish-migrate", "QEMU stopped it to finish a migration", false, false},
    {"guest-panicked", "the kernel of the guest panicked", false, true},
    {"inmigrate", "QEMU waits for an incoming migration", false, false},
    {"internal-error", "QEMU stopped it because of an internal error", true, true},
    {"io-error", "its disk gave an error", false, false},
    {"postmigrate", "it was migrated away", false, false},
    {"restore-vm", "QEMU stopped it to restore a snapshot", false, false},
    {"save-vm", "QEMU stopped it to save a snapshot", false, false},
    {"shutdown", "the guest has shut down, and QEMU was told not to end", true, true},
    {"suspended", "the guest has suspended itself to RAM", false, false},
    {"watchdog", "the watchdog of the guest ran out", false, false},
};

static const struct row *find_row(const char *word) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].word, word) == 0)
            return &rows[i];
    return NULL;
}

bool run_state_is_halt(const char *word) {
    const struct row *row = find_row(word);
    return !row || row->sentence;
}

bool run_state_needs_reset(const char *word) {
    const struct row *row = find_row(word);
    return row && row->needs_reset;
}

bool run_state_ends_boot(const char *word) {
    const struct row *row = find_row(word);
    return row && row->ends_boot;
}

/* An accelerator that fails is avoided by emulation. Caller frees. */
static char *advice(const char *word, const struct run_state_context *context) {
    bool emulated = context->accel && strcmp(context->accel, "tcg") == 0;
    if (strcmp(word, "internal-error") != 0 || emulated)
        return alloc_string("");
    return alloc_printf("; after `pgsup instance set %s --accel tcg` it starts without %s",
                        context->vm, context->accel ? context->accel : "hardware acceleration");
}

char *run_state_reason(const char *word, const struct run_state_context *context) {
    const struct row *row = find_row(word);
    if (row && !row->sentence)
        return NULL;
    scoped(alloc_release) char *printable = name_printable(word, strlen(word), 40);
    if (!row)
        return alloc_printf("QEMU says \"%s\"", printable);
    scoped(alloc_release) char *help = advice(word, context);
    const char *text = context->qemu_text;
    return alloc_printf("%s%s%s%s%s", row->sentence, text[0] ? " (" : "", text, text[0] ? ")" : "",
                        help);
}
