/* What is written is read again, and what is none of the lines is refused. */
#include "fetch/wire/fetch_wire.h"

#include "test.h"

TEST(requests) {
    static const struct fetch_request requests[] = {
        {FETCH_DOWNLOAD, true, UINT64_C(1) << 36, "https://host/a file?x=1"},
        {FETCH_UNPACK, false, UINT64_C(1) << 60, "/tmp/a file with\na line"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct buffer text = {0};
        struct fetch_request read;
        fetch_request_write(&requests[i], &text);
        CHECK(fetch_request_parse(text.data, &read));
        CHECK_INT(read.job, requests[i].job);
        CHECK_INT(read.resumes, requests[i].resumes);
        CHECK(read.limit_bytes == requests[i].limit_bytes);
        CHECK_STRING(read.text, requests[i].text);
        buffer_done(&text);
    }
}

TEST(no_requests) {
    static const char *const texts[] = {"",
                                        "download",
                                        "download 1",
                                        "download 1 5",
                                        "download 1 ",
                                        "download x 5 u",
                                        "upload 0 5 u",
                                        "download 0 99999999999999999999 u"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fetch_request request;
        CHECK(!fetch_request_parse(texts[i], &request));
    }
}

TEST(reports) {
    static const struct {
        struct fetch_report report;
        const char *line;
    } rows[] = {
        {{.kind = FETCH_PROGRESS, .done_bytes = 5, .total_bytes = UINT64_C(1) << 60},
         "progress 5 1152921504606846976\n"},
        {{.kind = FETCH_NOTE, .text = "two\r\nlines"}, "note two  lines\n"},
        {{.kind = FETCH_DONE, .pieces = FETCH_PIECED}, "done pieced\n"},
        {{.kind = FETCH_ERROR, .code = ERROR_NOT_FOUND, .text = "no file"},
         "error not-found no file\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer text = {0};
        struct fetch_report read;
        fetch_report_write(&rows[i].report, &text);
        CHECK_STRING(text.data, rows[i].line);
        text.data[text.length - 1] = 0;
        CHECK(fetch_report_parse(text.data, &read));
        CHECK(read.kind == rows[i].report.kind && read.done_bytes == rows[i].report.done_bytes &&
              read.total_bytes == rows[i].report.total_bytes &&
              read.pieces == rows[i].report.pieces && read.code == rows[i].report.code);
        buffer_done(&text);
    }
}

TEST(no_reports) {
    static const char *const lines[] = {"",
                                        "progress",
                                        "progress 1",
                                        "progress 1 2 3",
                                        "progress -1 2",
                                        "done",
                                        "done maybe",
                                        "done whole 1",
                                        "error",
                                        "error ok fine",
                                        "error unheard of it",
                                        "\x1b[2J",
                                        "NOTE x"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct fetch_report report;
        CHECK(!fetch_report_parse(lines[i], &report));
    }
}

TEST(long_texts_fit_a_line) {
    struct buffer text = {0};
    char sentence[5000];
    memset(sentence, 'x', sizeof sentence - 1);
    sentence[sizeof sentence - 1] = 0;
    fetch_report_write(
        &(struct fetch_report){.kind = FETCH_ERROR, .code = ERROR_FAILED, .text = sentence}, &text);
    CHECK(text.length <= FETCH_REPORT_LIMIT_BYTES);
    buffer_done(&text);
}

int main(void) {
    return test_run();
}
