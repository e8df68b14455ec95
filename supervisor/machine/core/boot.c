#include "machine/core/boot.h"

#include "base/alloc.h"
#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

#define CLAUSE_NAMES 4u /* of failed modules; the sentence must stay readable */

void boot_done(struct boot *boot) {
    strv_done(&boot->failed);
    strv_done(&boot->told);
    *boot = (struct boot){0};
}

/* False: it is there already, or there is no more room. */
static bool add_unique(struct strv *list, const char *text, size_t limit) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return false;
    if (list->count >= limit)
        return false;
    strv_push(list, text);
    return true;
}

/* sentence is taken over. */
static char *tell_once(struct boot *boot, char *sentence) {
    scoped(alloc_release) char *held = sentence;
    return add_unique(&boot->told, held, BOOT_TOLD_LIMIT) ? alloc_string(held) : NULL;
}

static char *fail_module(struct boot *boot, const struct boot_step *step) {
    scoped(alloc_release) char *name = alloc_printf("%s/%s", step->stage, step->module);
    if (!add_unique(&boot->failed, name, BOOT_FAILED_LIMIT))
        return NULL;
    return alloc_printf("%s failed%s%s", name, step->description[0] ? ": " : "", step->description);
}

static char *end_stage(struct boot *boot, const struct boot_step *step) {
    boot->done = step->last;
    return tell_once(
        boot, alloc_printf("%s ended%s", step->stage, step->failed ? ", not all of it well" : ""));
}

char *boot_take(struct boot *boot, const struct boot_step *step) {
    bool entered = strcmp(boot->stage, step->stage) != 0;
    bool runs = step->begins && step->module[0];
    boot->done = false;
    boot->phoned = boot->phoned || strcmp(step->module, "phone-home") == 0 ||
                   strcmp(step->module, "phone_home") == 0; /* before and from 24.1 on */
    snprintf(boot->stage, sizeof boot->stage, "%s", step->stage);
    snprintf(boot->module, sizeof boot->module, "%s", runs ? step->module : "");
    if (step->failed && step->module[0])
        return fail_module(boot, step);
    if (!step->begins && !step->module[0])
        return end_stage(boot, step);
    return entered ? tell_once(boot, alloc_printf("%s began", step->stage)) : NULL;
}

bool boot_is_behind(const struct boot *boot) {
    return boot->stage[0] && !boot->done && !boot->phoned;
}

char *boot_where(const struct boot *boot) {
    if (!boot->stage[0])
        return NULL;
    if (boot->done)
        return alloc_string("done");
    return alloc_printf("%s%s%s", boot->stage, boot->module[0] ? ", " : "", boot->module);
}

char *boot_clause(const struct boot *boot) {
    struct buffer text = {0};
    scoped(alloc_release) char *where = boot_where(boot);
    if (where)
        buffer_printf(&text, ", cloud-init is %s%s", boot->done ? "" : "in ", where);
    for (size_t i = 0; i < boot->failed.count && i < CLAUSE_NAMES; i++)
        buffer_printf(&text, "%s%s", i == 0 ? " (failed: " : ", ", boot->failed.items[i]);
    if (boot->failed.count > CLAUSE_NAMES)
        buffer_puts(&text, " …");
    if (boot->failed.count > 0)
        buffer_putc(&text, ')');
    return buffer_take(&text);
}
