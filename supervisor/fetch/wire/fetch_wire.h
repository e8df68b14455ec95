/* What pgsup and pgsup-fetch say to each other: one request on the stdin of pgsup-fetch, which ends
 * with it; lines on its stdout, of which the last is FETCH_DONE or FETCH_ERROR. The file that is
 * written is descriptor FETCH_TARGET_FD, the one that is unpacked FETCH_SOURCE_FD; pgsup-fetch
 * opens neither. Pure. pgsup believes nothing of what it reads but the words that are listed. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define FETCH_PROGRAM             "pgsup-fetch"
#define FETCH_TARGET_FD           3
#define FETCH_SOURCE_FD           4
#define FETCH_REQUEST_LIMIT_BYTES 4096u /* what every pipe holds without a reader */
#define FETCH_REPORT_LIMIT_BYTES  2048u

enum fetch_job { FETCH_DOWNLOAD, FETCH_UNPACK, FETCH_PROBE }; /* PROBE: writes nothing */
struct fetch_request {
    enum fetch_job job;
    bool resumes;         /* a download: the file is gone on with, else emptied first */
    uint64_t limit_bytes; /* of the file that is written */
    const char *text;     /* the address, or what sentences call the source; borrowed */
};
void fetch_request_write(const struct fetch_request *request, struct buffer *out);
/* False: it is none. request->text points into text. */
bool fetch_request_parse(const char *text, struct fetch_request *request);

enum fetch_report_kind { FETCH_PROGRESS, FETCH_NOTE, FETCH_DONE, FETCH_ERROR };
/* How the file came to be what it is. */
enum fetch_pieces { FETCH_UNTOUCHED, FETCH_WHOLE, FETCH_PIECED };
struct fetch_report {
    enum fetch_report_kind kind;
    uint64_t done_bytes, total_bytes; /* FETCH_PROGRESS; total 0: unknown */
    enum fetch_pieces pieces;         /* FETCH_DONE */
    enum error_code code;             /* FETCH_ERROR; never ERROR_NONE */
    const char *text;                 /* FETCH_NOTE, FETCH_ERROR; borrowed */
};
void fetch_report_write(const struct fetch_report *report, struct buffer *out); /* with its LF */
/* A line without its LF; false: it is none. report->text points into line. */
bool fetch_report_parse(const char *line, struct fetch_report *report);
