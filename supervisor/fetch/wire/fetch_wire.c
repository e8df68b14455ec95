#include "fetch/wire/fetch_wire.h"

#include "base/alloc.h"
#include "base/name.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_LIMIT_BYTES 1800
#define WORD_SIZE        32

static const char *const jobs[] = {
    [FETCH_DOWNLOAD] = "download", [FETCH_UNPACK] = "unpack", [FETCH_PROBE] = "probe"};
static const char *const kinds[] = {[FETCH_PROGRESS] = "progress",
                                    [FETCH_NOTE] = "note",
                                    [FETCH_DONE] = "done",
                                    [FETCH_ERROR] = "error"};
static const char *const pieces[] = {
    [FETCH_UNTOUCHED] = "untouched", [FETCH_WHOLE] = "whole", [FETCH_PIECED] = "pieced"};

#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

/* Takes the next word and the space behind it. */
static bool take_field(const char **text, char word[WORD_SIZE]) {
    size_t length = strcspn(*text, " ");
    if (length == 0 || length >= WORD_SIZE)
        return false;
    memcpy(word, *text, length);
    word[length] = 0;
    *text += length + ((*text)[length] == ' ');
    return true;
}

static bool take_number(const char **text, uint64_t *number) {
    char word[WORD_SIZE];
    return take_field(text, word) && name_parse_number(word, 0, UINT64_MAX, number);
}

/* -1: none of these. */
static int take_choice(const char **text, const char *const *choices, int count) {
    char word[WORD_SIZE];
    if (!take_field(text, word))
        return -1;
    for (int i = 0; i < count; i++)
        if (strcmp(choices[i], word) == 0)
            return i;
    return -1;
}

void fetch_request_write(const struct fetch_request *request, struct buffer *out) {
    buffer_printf(out, "%s %d %" PRIu64 " %s", jobs[request->job], request->resumes,
                  request->limit_bytes, request->text);
}

bool fetch_request_parse(const char *text, struct fetch_request *request) {
    int job = take_choice(&text, jobs, COUNT(jobs));
    uint64_t resumes;
    if (job < 0 || !take_number(&text, &resumes) || !take_number(&text, &request->limit_bytes))
        return false;
    request->job = (enum fetch_job)job;
    request->resumes = resumes != 0;
    request->text = text;
    return *text != 0;
}

/* Of one line, whatever a server or a library put into it. */
static void put_text(const char *text, struct buffer *out) {
    size_t length = strnlen(text, TEXT_LIMIT_BYTES);
    for (size_t i = 0; i < length; i++)
        buffer_putc(out, text[i] == '\n' || text[i] == '\r' ? ' ' : text[i]);
}

void fetch_report_write(const struct fetch_report *report, struct buffer *out) {
    buffer_printf(out, "%s ", kinds[report->kind]);
    switch (report->kind) {
    case FETCH_PROGRESS:
        buffer_printf(out, "%" PRIu64 " %" PRIu64, report->done_bytes, report->total_bytes);
        break;
    case FETCH_DONE: buffer_puts(out, pieces[report->pieces]); break;
    case FETCH_ERROR: buffer_printf(out, "%s ", error_word(report->code)); /* fall through */
    case FETCH_NOTE: put_text(report->text, out); break;
    }
    buffer_putc(out, '\n');
}

bool fetch_report_parse(const char *line, struct fetch_report *report) {
    char word[WORD_SIZE];
    int kind = take_choice(&line, kinds, COUNT(kinds)), which;
    *report = (struct fetch_report){.kind = kind < 0 ? FETCH_NOTE : (enum fetch_report_kind)kind};
    switch (kind) {
    case FETCH_PROGRESS:
        return take_number(&line, &report->done_bytes) &&
               take_number(&line, &report->total_bytes) && !*line;
    case FETCH_DONE:
        which = take_choice(&line, pieces, COUNT(pieces));
        report->pieces = which < 0 ? FETCH_UNTOUCHED : (enum fetch_pieces)which;
        return which >= 0 && !*line;
    case FETCH_ERROR:
        if (!take_field(&line, word) || !error_code_from_word(word, &report->code) ||
            report->code == ERROR_NONE)
            return false;
        break;
    case FETCH_NOTE: break;
    default: return false;
    }
    report->text = line;
    return true;
}
