#include "home/images/download.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/name.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTIAL_CONTENT       206 /* RFC 9110, 15.3.7 */
#define RANGE_NOT_SATISFIABLE 416 /* 15.5.17 */

struct transfer {
    const struct download *download;
    CURL *curl;
    uint64_t size_bytes;   /* of the file, by now */
    uint64_t offset_bytes; /* what it held when this try began */
    bool answered;         /* a byte of an answer that counts has come, in any try */
    int write_errno;       /* 0: no write has failed */
    char text[CURL_ERROR_SIZE];
};

/* Whoever held the lock may have renamed or removed the file since it was opened here: then this
 * descriptor is that finished file, and must not be emptied. */
static bool still_at(const char *path, int fd) {
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

int download_open(const char *path, struct error *error) {
    scoped(file_release) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_errno(error, "cannot write %s", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || !still_at(path, fd)) {
        error_set(error, ERROR_WRONG_STATE,
                  "another pgsup is writing %s: wait for it to end, then try again", path);
        return -1;
    }
    int kept = fd;
    fd = -1;
    return kept;
}

static bool begin_anew(struct transfer *transfer) {
    transfer->size_bytes = transfer->offset_bytes = 0;
    return ftruncate(transfer->download->fd, 0) == 0 &&
           lseek(transfer->download->fd, 0, SEEK_SET) == 0;
}

static long status_of(const struct transfer *transfer) {
    long status = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t on_data(char *data, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    size_t length = size * count;
    bool whole = transfer->offset_bytes > 0 && status_of(transfer) != PARTIAL_CONTENT;
    if (transfer->download->pieced)
        *transfer->download->pieced = transfer->offset_bytes > 0 && !whole;
    if ((whole && !begin_anew(transfer)) || !file_write_all(transfer->download->fd, data, length)) {
        transfer->write_errno = errno;
        return CURL_WRITEFUNC_ERROR;
    }
    transfer->answered = true;
    transfer->size_bytes += length;
    return transfer->size_bytes > transfer->download->limit_bytes ? CURL_WRITEFUNC_ERROR : length;
}

/* curl counts what this try brings; what was there before is added. */
static int on_progress(void *context, curl_off_t total, curl_off_t done, curl_off_t up_total,
                       curl_off_t up_done) {
    (void)up_total, (void)up_done;
    struct transfer *transfer = context;
    const struct image_progress *progress = transfer->download->progress;
    uint64_t offset = transfer->offset_bytes;
    if (progress && progress->report && done > 0)
        progress->report(progress->context, "downloading", offset + (uint64_t)done,
                         total > 0 ? offset + (uint64_t)total : 0);
    return interrupt_check(NULL) ? 0 : 1; /* 1: give it up */
}

static void start_curl(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void configure(struct transfer *transfer) {
    CURL *curl = transfer->curl;
    const char *url = transfer->download->url;
    bool secure = strncasecmp(url, "https:", 6) == 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, DOWNLOAD_REDIRECT_LIMIT);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "pgsup");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, DOWNLOAD_CONNECT_LIMIT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, DOWNLOAD_STALL_LIMIT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, DOWNLOAD_STALL_BYTES_PER_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->text);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
}

/* curl's words, but for what each of its releases says otherwise. Caller frees. */
static char *transfer_words(const struct transfer *transfer, CURLcode result) {
    curl_off_t total = -1, done = 0;
    if (result == CURLE_PARTIAL_FILE) {
        curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
        curl_easy_getinfo(transfer->curl, CURLINFO_SIZE_DOWNLOAD_T, &done);
    }
    if (total > done)
        return alloc_printf("the connection ended with %lld bytes missing",
                            (long long)(total - done));
    return alloc_string(transfer->text[0] ? transfer->text : curl_easy_strerror(result));
}

static bool explain(const struct transfer *transfer, CURLcode result, struct error *error) {
    const char *url = transfer->download->url;
    if (!interrupt_check(error))
        return false;
    if (result == CURLE_HTTP_RETURNED_ERROR) {
        long status = status_of(transfer);
        return error_set(error, status == 404 ? ERROR_NOT_FOUND : ERROR_FAILED,
                         "cannot download %s: the server answered with status %ld", url, status);
    }
    if (transfer->write_errno)
        return error_set(error, ERROR_FAILED, "cannot store the download of %s: %s", url,
                         strerror(transfer->write_errno));
    if (transfer->size_bytes > transfer->download->limit_bytes)
        return error_set(error, ERROR_INVALID, "%s is larger than %llu bytes", url,
                         (unsigned long long)transfer->download->limit_bytes);
    scoped(alloc_release) char *words = transfer_words(transfer, result);
    return error_set(error, result == CURLE_OPERATION_TIMEDOUT ? ERROR_TIMEOUT : ERROR_FAILED,
                     "cannot download %s: %s", url, words);
}

/* CURLOPT_RESUME_FROM would make an error of a server that cannot. */
static CURLcode try_once(struct transfer *transfer) {
    char range[32];
    transfer->offset_bytes = transfer->size_bytes;
    transfer->text[0] = 0;
    snprintf(range, sizeof range, "%llu-", (unsigned long long)transfer->offset_bytes);
    curl_easy_setopt(transfer->curl, CURLOPT_RANGE, transfer->offset_bytes ? range : NULL);
    CURLcode result = curl_easy_perform(transfer->curl);
    bool nothing_more = result == CURLE_HTTP_RETURNED_ERROR && transfer->offset_bytes > 0 &&
                        status_of(transfer) == RANGE_NOT_SATISFIABLE;
    return nothing_more ? CURLE_OK : result;
}

/* The way to the server broke, or the server did for the moment. What never answered at all is not
 * tried again: its name or its port is wrong, most likely. */
static bool is_worth_another(const struct transfer *transfer, CURLcode result) {
    switch (result) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return transfer->answered;
    case CURLE_HTTP_RETURNED_ERROR: return transfer->answered && status_of(transfer) >= 500;
    default: return false;
    }
}

static void tell_of_break(const struct transfer *transfer, CURLcode result) {
    const struct image_progress *progress = transfer->download->progress;
    char size[32];
    if (!progress || !progress->note)
        return;
    name_format_size(transfer->size_bytes, size);
    scoped(alloc_release) char *words = transfer_words(transfer, result);
    scoped(alloc_release) char *sentence =
        alloc_printf("interrupted at %s (%s): resuming", size, words);
    progress->note(progress->context, sentence);
}

static bool run(struct transfer *transfer, struct error *error) {
    unsigned pause_ms = DOWNLOAD_PAUSE_MS;
    for (int tries = 1;; tries++, pause_ms *= 2) {
        CURLcode result = try_once(transfer);
        if (result == CURLE_OK)
            return true;
        if (!transfer->download->resumes || tries == DOWNLOAD_TRIES ||
            !is_worth_another(transfer, result))
            return explain(transfer, result, error);
        tell_of_break(transfer, result);
        poll(NULL, 0, (int)pause_ms);
        if (!interrupt_check(error))
            return false;
    }
}

/* What is in the file, unless it is to be dropped. */
static bool find_size(struct transfer *transfer) {
    off_t size = lseek(transfer->download->fd, 0, SEEK_END);
    if (size > 0 && !transfer->download->resumes)
        return begin_anew(transfer);
    transfer->size_bytes = size > 0 ? (uint64_t)size : 0;
    return size >= 0;
}

bool download_fetch(const struct download *download, struct error *error) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_curl);
    struct transfer transfer = {.download = download, .curl = curl_easy_init()};
    if (!transfer.curl)
        return error_set(error, ERROR_FAILED, "cannot download %s: libcurl cannot be initialized",
                         download->url);
    if (!find_size(&transfer)) {
        curl_easy_cleanup(transfer.curl);
        return error_errno(error, "cannot store the download of %s", download->url);
    }
    configure(&transfer);
    bool good = run(&transfer, error);
    curl_easy_cleanup(transfer.curl);
    return good && (fsync(download->fd) == 0 ||
                    error_errno(error, "cannot store the download of %s", download->url));
}
