#include "home/images/download.h"
#include "test.h"
#include "web.h"

#define BODY_BYTES 300000

static char *body, *source;

static void make_body(void) {
    body = alloc_zero(BODY_BYTES);
    for (size_t i = 0; i < BODY_BYTES; i++)
        body[i] = (char)(i * 31 + i / 251);
    source = scratch_path("source");
    scratch_write(source, body, BODY_BYTES, 0600);
}

struct seen {
    uint64_t done, total;
    bool backwards;
    int notes;
    bool pieced;
    char note[200]; /* the last */
};

static void on_report(void *context, const char *doing, uint64_t done_bytes, uint64_t total_bytes) {
    struct seen *seen = context;
    CHECK_STRING(doing, "downloading");
    seen->backwards = seen->backwards || done_bytes < seen->done;
    seen->done = done_bytes;
    seen->total = total_bytes;
}

static void on_note(void *context, const char *sentence) {
    struct seen *seen = context;
    seen->notes++;
    snprintf(seen->note, sizeof seen->note, "%s", sentence);
}

static bool get(const char *url, int fd, uint64_t limit_bytes, struct error *error) {
    const struct download download = {.url = url, .fd = fd, .limit_bytes = limit_bytes};
    return download_fetch(&download, error);
}

static enum error_code fetch(struct web *web, const char *path, struct error *error) {
    scoped(alloc_release) char *url = web_url(web, path);
    scoped(alloc_release) char *part = scratch_path("x.part");
    *error = (struct error){0};
    scoped(file_release) int fd = download_open(part, error);
    CHECK(fd >= 0);
    bool good = get(url, fd, DOWNLOAD_LIMIT_BYTES, error);
    CHECK_INT(good, error->code == ERROR_NONE);
    return error->code;
}

static void check_whole(void) {
    scoped(alloc_release) char *part = scratch_path("x.part");
    struct buffer content = {0};
    struct error error = {0};
    CHECK(file_read(part, BODY_BYTES, &content, &error));
    CHECK(content.length == BODY_BYTES && memcmp(content.data, body, BODY_BYTES) == 0);
    buffer_done(&content);
}

TEST(whole_file) {
    struct web web = web_start(source);
    scoped(alloc_release) char *url = web_url(&web, "/file/x");
    scoped(alloc_release) char *part = scratch_path("x.part");
    struct seen seen = {0};
    const struct image_progress progress = {on_report, on_note, &seen};
    struct error error = {0};
    scratch_write(part, "left over from before", 21, 0600);
    scoped(file_release) int fd = download_open(part, &error);
    const struct download download = {url, fd, DOWNLOAD_LIMIT_BYTES, false, &progress, NULL};
    CHECK(download_fetch(&download, &error));
    CHECK_STRING(error.text, "");
    check_whole();
    CHECK(!seen.backwards);
    CHECK_INT(seen.done, BODY_BYTES);
    CHECK_INT(seen.total, BODY_BYTES);
    web_stop(&web);
}

TEST(redirect) {
    struct web web = web_start(source);
    struct error error;
    CHECK_INT(fetch(&web, "/redirect/x", &error), ERROR_NONE);
    check_whole();
    CHECK_INT(fetch(&web, "/loop/x", &error), ERROR_FAILED);
    CHECK_CONTAINS(error.text, "redirects");
    CHECK_INT(fetch(&web, "/elsewhere/x", &error), ERROR_FAILED);
    CHECK_CONTAINS(error.text, "file");
    web_stop(&web);
}

TEST(refused) {
    struct web web = web_start(source);
    struct error error;
    CHECK_INT(fetch(&web, "/404/x", &error), ERROR_NOT_FOUND);
    CHECK_CONTAINS(error.text, "the server answered with status 404");
    CHECK_INT(fetch(&web, "/503/x", &error), ERROR_FAILED);
    CHECK_CONTAINS(error.text, "the server answered with status 503");
    web_stop(&web);
    CHECK_INT(fetch(&web, "/file/x", &error), ERROR_FAILED); /* nobody listens any more */
    CHECK_CONTAINS(error.text, "cannot download http://127.0.0.1");
}

TEST(cut_short) {
    struct web web = web_start(source);
    struct error error;
    CHECK_INT(fetch(&web, "/short/x", &error), ERROR_FAILED);
    CHECK_CONTAINS(error.text, "cannot download ");
    CHECK_CONTAINS(error.text, "the connection ended with 150000 bytes missing");
    web_stop(&web);
}

/* What is there already is the first `there` bytes of the body, or something else. */
static bool resume(struct web *web, const char *path, size_t there, struct seen *seen,
                   struct error *error) {
    scoped(alloc_release) char *url = web_url(web, path);
    scoped(alloc_release) char *part = scratch_path("x.part");
    const struct image_progress progress = {on_report, on_note, seen};
    *seen = (struct seen){0};
    *error = (struct error){0};
    scratch_write(part, body, there, 0600);
    scoped(file_release) int fd = download_open(part, error);
    const struct download download = {url,  fd,        DOWNLOAD_LIMIT_BYTES,
                                      true, &progress, &seen->pieced};
    return download_fetch(&download, error);
}

TEST(goes_on_from_what_is_there) {
    struct web web = web_start(source);
    struct error error;
    struct seen seen;
    CHECK(resume(&web, "/range/x", 100000, &seen, &error));
    CHECK_STRING(error.text, "");
    check_whole();
    CHECK_INT(seen.done, BODY_BYTES);
    CHECK_INT(seen.total, BODY_BYTES);
    CHECK(seen.pieced);
    CHECK(resume(&web, "/range/x", 0, &seen, &error));
    check_whole();
    CHECK(!seen.pieced);
    CHECK(resume(&web, "/redirect-range/x", 100000, &seen, &error));
    check_whole();
    CHECK_INT(seen.notes, 0);
    web_stop(&web);
}

TEST(nothing_is_missing) {
    struct web web = web_start(source);
    struct error error;
    struct seen seen;
    CHECK(resume(&web, "/range/x", BODY_BYTES, &seen, &error)); /* it answers 416 */
    check_whole();
    CHECK(!resume(&web, "/416/x", 0, &seen, &error)); /* which is nonsense here */
    CHECK_CONTAINS(error.text, "status 416");
    web_stop(&web);
}

TEST(a_server_that_cannot_go_on) {
    struct web web = web_start(source);
    struct error error;
    struct seen seen;
    CHECK(resume(&web, "/file/x", 100000, &seen, &error)); /* it sends all of it */
    check_whole();
    CHECK(!seen.pieced);
    CHECK(!resume(&web, "/500/x", 100000, &seen, &error));
    CHECK_CONTAINS(error.text, "status 500");
    CHECK_INT(seen.notes, 0); /* it never worked, so it is not tried again */
    web_stop(&web);
}

TEST(broken_off_again_and_again) {
    struct web web = web_start(source);
    struct error error;
    struct seen seen;
    CHECK(resume(&web, "/cut-range/x", 0, &seen, &error)); /* 120000 bytes at a time */
    CHECK_STRING(error.text, "");
    check_whole();
    CHECK_INT(seen.notes, 2);
    CHECK_CONTAINS(seen.note, "interrupted at 234.3 KiB (");
    CHECK_CONTAINS(seen.note, "): resuming");
    web_stop(&web);
}

TEST(only_http) {
    struct error error = {0};
    scoped(alloc_release) char *part = scratch_path("x.part");
    scoped(file_release) int fd = download_open(part, &error);
    CHECK(!get("file:///etc/passwd", fd, DOWNLOAD_LIMIT_BYTES, &error));
    CHECK_CONTAINS(error.text, "cannot download file:///etc/passwd: ");
}

TEST(too_large) {
    struct web web = web_start(source);
    scoped(alloc_release) char *url = web_url(&web, "/file/x");
    scoped(alloc_release) char *part = scratch_path("large.part");
    struct error error = {0};
    scoped(file_release) int fd = download_open(part, &error);
    CHECK(!get(url, fd, BODY_BYTES - 1, &error));
    CHECK_CONTAINS(error.text, "is larger than 299999 bytes");
    web_stop(&web);
}

TEST(full_disk) {
    struct web web = web_start(source);
    scoped(alloc_release) char *url = web_url(&web, "/file/x");
    scoped(file_release) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct error error = {0};
    if (fd >= 0) { /* Linux */
        CHECK(!get(url, fd, DOWNLOAD_LIMIT_BYTES, &error));
        CHECK_CONTAINS(error.text, "cannot store the download of ");
        CHECK_CONTAINS(error.text, "No space left on device");
    }
    web_stop(&web);
}

TEST(one_at_a_time) {
    scoped(alloc_release) char *part = scratch_path("locked.part");
    scoped(alloc_release) char *done = scratch_path("locked.qcow2");
    struct error error = {0};
    scoped(file_release) int first = download_open(part, &error);
    CHECK(first >= 0);
    CHECK_INT(download_open(part, &error), -1);
    CHECK_INT(error.code, ERROR_WRONG_STATE);
    CHECK(rename(part, done) == 0);
    error_clear(&error);
    scoped(file_release) int second = download_open(part, &error);
    CHECK(second >= 0); /* a file of its own */
}

int main(void) {
    make_body();
    int status = test_run();
    free(body);
    free(source);
    return status;
}
