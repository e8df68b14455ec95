#include "home/download.h"

#include "base/alloc.h"
#include "base/file.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct transfer {
    int fd;
    int write_errno; /* 0: no write has failed */
    uint64_t written_bytes, limit_bytes;
    const struct image_progress *progress; /* may be NULL */
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
    if (ftruncate(fd, 0) < 0) {
        error_errno(error, "cannot write %s", path);
        return -1;
    }
    int kept = fd;
    fd = -1;
    return kept;
}

static size_t on_data(char *data, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    size_t length = size * count;
    for (size_t done = 0; done < length;) {
        ssize_t put = write(transfer->fd, data + done, length - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            transfer->write_errno = errno;
            return CURL_WRITEFUNC_ERROR;
        }
        done += (size_t)put;
    }
    transfer->written_bytes += length;
    return transfer->written_bytes > transfer->limit_bytes ? CURL_WRITEFUNC_ERROR : length;
}

static int on_progress(void *context, curl_off_t total, curl_off_t done, curl_off_t up_total,
                       curl_off_t up_done) {
    (void)up_total, (void)up_done;
    const struct image_progress *progress = ((struct transfer *)context)->progress;
    if (progress)
        progress->report(progress->context, (uint64_t)done, (uint64_t)total);
    return 0;
}

static void start_curl(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void configure(CURL *curl, const char *url, struct transfer *transfer) {
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

static bool explain(CURL *curl, CURLcode result, const struct transfer *transfer, const char *url,
                    struct error *error) {
    long status = 0;
    if (result == CURLE_HTTP_RETURNED_ERROR) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        return error_set(error, status == 404 ? ERROR_NOT_FOUND : ERROR_FAILED,
                         "cannot download %s: the server answered with status %ld", url, status);
    }
    if (transfer->write_errno)
        return error_set(error, ERROR_FAILED, "cannot store the download of %s: %s", url,
                         strerror(transfer->write_errno));
    if (transfer->written_bytes > transfer->limit_bytes)
        return error_set(error, ERROR_INVALID, "%s is larger than %llu bytes", url,
                         (unsigned long long)transfer->limit_bytes);
    if (result == CURLE_OPERATION_TIMEDOUT)
        return error_set(error, ERROR_TIMEOUT, "cannot download %s: %s", url, transfer->text);
    return error_set(error, ERROR_FAILED, "cannot download %s: %s", url,
                     transfer->text[0] ? transfer->text : curl_easy_strerror(result));
}

bool download_fetch(const char *url, int fd, uint64_t limit_bytes,
                    const struct image_progress *progress, struct error *error) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_curl);
    struct transfer transfer = {.fd = fd, .limit_bytes = limit_bytes, .progress = progress};
    CURL *curl = curl_easy_init();
    if (!curl)
        return error_set(error, ERROR_FAILED, "cannot download %s: libcurl does not start", url);
    configure(curl, url, &transfer);
    CURLcode result = curl_easy_perform(curl);
    bool good = result == CURLE_OK || explain(curl, result, &transfer, url, error);
    curl_easy_cleanup(curl);
    if (good && fsync(fd) < 0)
        good = error_errno(error, "cannot store the download of %s", url);
    return good;
}
