#include "cli/doctor/examination.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/platform.h"
#include "cli/doctor/side_by_side.h"
#include "host/program.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AGAIN_MS 300 /* most commands are through by then */
#define LOOKS_MAX     8

struct look { /* of one check; left to its thread if that is late */
    const struct check *check;
    const struct surroundings *surroundings;
    struct finding finding;
};

static void run_read(void *context) {
    surroundings_read(context);
}

/* A command of pgsup is about this home. */
static void name_home(const struct surroundings *surroundings, struct finding *finding) {
    struct strv named = {0};
    const struct strv *mend = &finding->mend;
    if (!surroundings->home_named || mend->count == 0 || strcmp(mend->items[0], "pgsup") != 0)
        return;
    strv_push(&named, "pgsup");
    strv_push(&named, "-p");
    strv_push(&named, surroundings->home_path);
    for (size_t i = 1; i < mend->count; i++)
        strv_push(&named, mend->items[i]);
    strv_done(&finding->mend);
    finding->mend = named;
}

static void run_look(void *context) {
    struct look *look = context;
    look->check->look(look->surroundings, &look->finding);
    name_home(look->surroundings, &look->finding);
}

static void set_late(struct finding *finding) {
    finding_fail(finding,
                 "no answer within %u s: something that it looks at hangs, such as a disk "
                 "of the network or a program",
                 EXAMINATION_CHECK_MS / 1000);
}

/* A finding of before is worth more than a look that hangs. */
void examination_take(struct examined *examined, struct finding *found) {
    const char *before = examined->finding.text;
    if (!found) {
        if (!before)
            set_late(&examined->finding);
        return;
    }
    examined->found_twice = before && found->text && strcmp(before, found->text) == 0;
    finding_done(&examined->finding);
    examined->finding = *found;
}

static void run_looks(struct examination *examination, struct examined *const *items,
                      size_t count) {
    struct side_by_side_job *jobs = alloc_zero((count + 1) * sizeof *jobs);
    for (size_t i = 0; i < count; i++) {
        struct look *look = alloc_zero(sizeof *look);
        look->check = items[i]->check;
        look->surroundings = examination->surroundings;
        jobs[i] = (struct side_by_side_job){.run = run_look, .context = look};
    }
    if (!side_by_side_run(jobs, count, EXAMINATION_CHECK_MS))
        examination->late = true;
    for (size_t i = 0; i < count; i++) {
        struct look *look = jobs[i].context;
        examination_take(items[i], jobs[i].done ? &look->finding : NULL);
        if (jobs[i].done)
            free(look);
    }
    free(jobs);
}

/* One that hangs is left to its thread, and the home is not looked at any more. */
static void read_surroundings(struct examination *examination, const char *home_option) {
    struct surroundings *read = alloc_zero(sizeof *read);
    surroundings_init(read, home_option);
    struct side_by_side_job job = {.run = run_read, .context = read};
    if (!side_by_side_run(&job, 1, 2 * EXAMINATION_CHECK_MS)) {
        examination->late = true;
        read = alloc_zero(sizeof *read);
        surroundings_init(read, home_option);
        read->run = alloc_printf("%s/run", read->home_path);
        error_set(&read->store_problem, ERROR_TIMEOUT,
                  "the home or QEMU did not answer within %u s", 2 * EXAMINATION_CHECK_MS / 1000);
    }
    examination->surroundings = read;
}

/* Runs the checks that `wanted` names. */
static void run_wanted(struct examination *examination, bool (*wanted)(const struct examined *)) {
    struct examined **items = alloc_zero((examination->count + 1) * sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < examination->count; i++)
        if (wanted(&examination->items[i]) &&
            check_applies(examination->items[i].check, examination->surroundings))
            items[count++] = &examination->items[i];
    run_looks(examination, items, count);
    free(items);
}

static bool is_any(const struct examined *examined) {
    return examined->check != NULL;
}

/* What it found may be half of what another command is doing. */
static bool is_doubtful(const struct examined *examined) {
    return (examined->check->needs & CHECK_NEEDS_STILLNESS) && !examined->found_twice &&
           examined->finding.verdict != VERDICT_OK;
}

static bool has_doubt(const struct examination *examination) {
    for (size_t i = 0; i < examination->count; i++)
        if (is_doubtful(&examination->items[i]))
            return !examination->late;
    return false;
}

/* The last one is told in any case. */
static void look_again(struct examination *examination, const char *home_option) {
    for (int looks = 1; looks < LOOKS_MAX && has_doubt(examination); looks++) {
        poll(NULL, 0, LOOK_AGAIN_MS);
        surroundings_done(examination->surroundings);
        free(examination->surroundings);
        read_surroundings(examination, home_option);
        run_wanted(examination, is_doubtful);
    }
}

void examination_run(struct examination *examination, const char *home_option) {
    size_t rows = 0;
    *examination = (struct examination){0};
    read_surroundings(examination, home_option);
    while (check_table[rows].id)
        rows++;
    examination->items = alloc_zero((rows + 1) * sizeof *examination->items);
    for (size_t i = 0; i < rows; i++)
        if (check_applies(&check_table[i], examination->surroundings))
            examination->items[examination->count++].check = &check_table[i];
    run_wanted(examination, is_any);
    look_again(examination, home_option);
}

bool examination_is_fixable(const struct examined *examined) {
    const struct strv *mend = &examined->finding.mend;
    return examined->check->fixable && examined->finding.verdict != VERDICT_OK && mend->count > 0 &&
           strcmp(mend->items[0], "sudo") != 0;
}

void examination_mend(struct examination *examination, struct examined *examined) {
    struct strv words = {0};
    scoped(buffer_done) struct buffer output = {0};
    for (size_t i = 0; i < examined->finding.mend.count; i++)
        strv_push(&words, examined->finding.mend.items[i]);
    char *own = strcmp(words.items[0], "pgsup") == 0 ? platform_program_path() : NULL;
    if (own)
        alloc_replace(&words.items[0], own);
    examined->mended = program_run(words.items, EXAMINATION_MEND_MS, &output, &examined->problem);
    strv_done(&words);
    if (!examined->mended)
        return;
    struct look *look = alloc_zero(sizeof *look);
    *look = (struct look){.check = examined->check, .surroundings = examination->surroundings};
    struct side_by_side_job job = {.run = run_look, .context = look};
    finding_done(&examined->finding);
    if (side_by_side_run(&job, 1, EXAMINATION_CHECK_MS)) {
        examined->finding = look->finding;
        free(look);
    } else {
        examination->late = true;
        set_late(&examined->finding);
    }
}

void examination_done(struct examination *examination) {
    for (size_t i = 0; i < examination->count; i++)
        finding_done(&examination->items[i].finding);
    free(examination->items);
    if (examination->late) /* threads may still look at it */
        return;
    surroundings_done(examination->surroundings);
    free(examination->surroundings);
}
