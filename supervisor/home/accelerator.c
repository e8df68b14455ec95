#include "home/accelerator.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/host.h"
#include "base/name.h"

#include <stdlib.h>
#include <string.h>

bool accelerator_check(const char *word, struct error *error) {
    scoped(buffer_done) struct buffer names = {0};
    for (const char *const *known = host_accelerators(); *known; known++) {
        if (strcmp(*known, word) == 0)
            return true;
        buffer_printf(&names, "%s%s", names.length ? ", " : "", *known);
    }
    scoped(alloc_release) char *shown = name_printable(word, strlen(word), 40);
    return error_set(error, ERROR_INVALID, "\"%s\" is not an accelerator of this system: use %s",
                     shown, names.data);
}

/* All but emulation run the host's own processor. */
static bool suits(const char *word, enum spec_arch guest) {
    return strcmp(word, "tcg") == 0 || strcmp(spec_arch_word(guest), host_architecture()) == 0;
}

static bool check_forced(const char *word, enum spec_arch guest, struct error *error) {
    if (!accelerator_check(word, error))
        return false;
    if (!suits(word, guest))
        return error_set(error, ERROR_WRONG_STATE,
                         "%s cannot run %s guests on this %s host: use tcg", word,
                         spec_arch_word(guest), host_architecture());
    return host_accelerator_works(word) ||
           error_set(error, ERROR_WRONG_STATE,
                     "%s cannot be used on this host by this user now: check its rights, or use "
                     "tcg",
                     word);
}

bool accelerator_choose(const char *forced, enum spec_arch guest, enum spec_accel *accel,
                        struct error *error) {
    const char *variable = getenv(ACCELERATOR_VARIABLE);
    if (!forced && variable && *variable)
        forced = variable;
    if (forced) {
        if (!check_forced(forced, guest, error))
            return forced == variable ? error_prefix(error, ACCELERATOR_VARIABLE) : false;
        return spec_accel_from_word(forced, accel);
    }
    for (const char *const *word = host_accelerators(); *word; word++)
        if (suits(*word, guest) && host_accelerator_works(*word))
            return spec_accel_from_word(*word, accel);
    return error_set(error, ERROR_FAILED, "no accelerator of this host works");
}
