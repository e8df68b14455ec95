#include "fetch/transfer.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "fetch/emit.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define PARTIAL_CONTENT       206 /* RFC 9110, 15.3.7 */
#define RANGE_NOT_SATISFIABLE 416 /* 15.5.17 */

struct transfer {
    const struct fetch_request *request;
    CURL *curl;
    uint64_t size_bytes;   /* of the file, by now */
    uint64_t offset_bytes; /* what it held when this try began */
    bool answered;         /* a byte of an answer that counts has come, in any try */
    int write_errno;       /* 0: no write has failed */
    enum fetch_pieces pieces;
    char text[CURL_ERROR_SIZE];
};

static bool begin_anew(struct transfer *transfer) {
    transfer->size_bytes = transfer->offset_bytes = 0;
    return ftruncate(FETCH_TARGET_FD, 0) == 0 && lseek(FETCH_TARGET_FD, 0, SEEK_SET) == 0;
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
    transfer->pieces = transfer->offset_bytes > 0 && !whole ? FETCH_PIECED : FETCH_WHOLE;
    if ((whole && !begin_anew(transfer)) || !file_write_all(FETCH_TARGET_FD, data, length)) {
        transfer->write_errno = errno;
        return CURL_WRITEFUNC_ERROR;
    }
    transfer->answered = true;
    transfer->size_bytes += length;
    return transfer->size_bytes > transfer->request->limit_bytes ? CURL_WRITEFUNC_ERROR : length;
}

/* curl counts what this try brings; what was there before is added. Called about once a second at
 * least, also while nothing comes. */
static int on_progress(void *context, curl_off_t total, curl_off_t done, curl_off_t up_total,
                       curl_off_t up_done) {
    (void)up_total, (void)up_done;
    const struct transfer *transfer = context;
    uint64_t offset = transfer->offset_bytes;
    emit_progress(done > 0 ? offset + (uint64_t)done : 0, total > 0 ? offset + (uint64_t)total : 0);
    return 0;
}

static void configure(struct transfer *transfer) {
    CURL *curl = transfer->curl;
    const char *url = transfer->request->text;
    bool secure = strncasecmp(url, "https:", 6) == 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, TRANSFER_REDIRECT_LIMIT);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "pgsup");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, TRANSFER_CONNECT_LIMIT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, TRANSFER_STALL_LIMIT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, TRANSFER_STALL_BYTES_PER_S);
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
        return alloc_printf("the connection ended with %lld byte%s missing",
                            (long long)(total - done), name_plural((uint64_t)(total - done)));
    return alloc_string(transfer->text[0] ? transfer->text : curl_easy_strerror(result));
}

static bool explain(const struct transfer *transfer, CURLcode result, struct error *error) {
    const char *url = transfer->request->text;
    if (result == CURLE_HTTP_RETURNED_ERROR) {
        long status = status_of(transfer);
        return error_set(error, status == 404 ? ERROR_NOT_FOUND : ERROR_FAILED,
                         "cannot download %s: the server answered with status %ld", url, status);
    }
    if (transfer->write_errno)
        return error_set(error, ERROR_FAILED, "cannot store the download of %s: %s", url,
                         strerror(transfer->write_errno));
    if (transfer->size_bytes > transfer->request->limit_bytes)
        return error_set(error, ERROR_INVALID, "%s is larger than %llu bytes", url,
                         (unsigned long long)transfer->request->limit_bytes);
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
    char size[32];
    name_format_size(transfer->size_bytes, size);
    scoped(alloc_release) char *words = transfer_words(transfer, result);
    scoped(alloc_release) char *sentence =
        alloc_printf("interrupted at %s (%s): resuming", size, words);
    emit_note(sentence);
}

static bool run(struct transfer *transfer, struct error *error) {
    unsigned pause_ms = TRANSFER_PAUSE_MS;
    for (int tries = 1;; tries++, pause_ms *= 2) {
        CURLcode result = try_once(transfer);
        if (result == CURLE_OK)
            return true;
        if (!transfer->request->resumes || tries == TRANSFER_TRIES ||
            !is_worth_another(transfer, result))
            return explain(transfer, result, error);
        tell_of_break(transfer, result);
        poll(NULL, 0, (int)pause_ms);
    }
}

/* What is in the file, unless it is to be dropped. */
static bool find_size(struct transfer *transfer) {
    off_t size = lseek(FETCH_TARGET_FD, 0, SEEK_END);
    if (size > 0 && !transfer->request->resumes)
        return begin_anew(transfer);
    transfer->size_bytes = size > 0 ? (uint64_t)size : 0;
    return size >= 0;
}

bool transfer_run(const struct fetch_request *request, enum fetch_pieces *pieces,
                  struct error *error) {
    struct transfer transfer = {.request = request};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    transfer.curl = curl_easy_init();
    if (!transfer.curl)
        return error_set(error, ERROR_FAILED, "cannot download %s: libcurl cannot be initialized",
                         request->text);
    bool sized = find_size(&transfer) ||
                 error_errno(error, "cannot store the download of %s", request->text);
    if (sized)
        configure(&transfer);
    bool good = sized && run(&transfer, error);
    curl_easy_cleanup(transfer.curl);
    *pieces = transfer.pieces;
    return good;
}

/* --- whether it is there --- */

#define FORBIDDEN       403 /* RFC 9110, 15.5.4: also what some say to HEAD */
#define NOT_ALLOWED     405
#define NOT_IMPLEMENTED 501

static size_t refuse_data(char *data, size_t size, size_t count, void *context) {
    (void)data, (void)size, (void)count;
    ((struct transfer *)context)->answered = true;
    return CURL_WRITEFUNC_ERROR;
}

/* HEAD, and where a server has none the beginning of a GET, ended at its first byte. */
static CURLcode ask_for_head(struct transfer *transfer) {
    curl_easy_setopt(transfer->curl, CURLOPT_NOBODY, 1L);
    CURLcode result = curl_easy_perform(transfer->curl);
    long status = status_of(transfer);
    if (result != CURLE_HTTP_RETURNED_ERROR ||
        (status != FORBIDDEN && status != NOT_ALLOWED && status != NOT_IMPLEMENTED))
        return result;
    curl_easy_setopt(transfer->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(transfer->curl, CURLOPT_WRITEFUNCTION, refuse_data);
    result = curl_easy_perform(transfer->curl);
    return transfer->answered && status_of(transfer) < 300 ? CURLE_OK : result;
}

bool transfer_probe(const struct fetch_request *request, struct error *error) {
    struct transfer transfer = {.request = request};
    curl_off_t total = -1;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    transfer.curl = curl_easy_init();
    if (!transfer.curl)
        return error_set(error, ERROR_FAILED, "cannot ask for %s: libcurl cannot be initialized",
                         request->text);
    configure(&transfer);
    curl_easy_setopt(transfer.curl, CURLOPT_NOPROGRESS, 1L);
    CURLcode result = ask_for_head(&transfer);
    bool good = result == CURLE_OK || explain(&transfer, result, error);
    curl_easy_getinfo(transfer.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
    if (good && total > 0)
        emit_progress((uint64_t)total, (uint64_t)total);
    curl_easy_cleanup(transfer.curl);
    return good;
}
