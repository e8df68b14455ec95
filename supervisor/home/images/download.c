#include "home/images/download.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/images/fetch_program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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

bool download_fetch(const struct download *download, struct error *error) {
    const struct fetch_program program = {
        .request = {.job = FETCH_DOWNLOAD,
                    .resumes = download->resumes,
                    .limit_bytes = download->limit_bytes,
                    .text = download->url},
        .target = download->fd,
        .doing = "downloading",
        .progress = download->progress,
    };
    enum fetch_pieces pieces = FETCH_UNTOUCHED;
    if (!fetch_program_run(&program, &pieces, error))
        return false;
    if (download->pieced && pieces != FETCH_UNTOUCHED)
        *download->pieced = pieces == FETCH_PIECED;
    return fsync(download->fd) == 0 ||
           error_errno(error, "cannot store the download of %s", download->url);
}

static int open_nameless(struct error *error) {
    char path[] = "/tmp/pgsup-text-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0) {
        error_errno(error, "cannot write in /tmp");
        return -1;
    }
    unlink(path);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

bool download_text(const char *url, uint64_t limit_bytes, struct buffer *text,
                   struct error *error) {
    char piece[16384];
    scoped(file_release) int fd = open_nameless(error);
    const struct download download = {.url = url, .fd = fd, .limit_bytes = limit_bytes};
    if (fd < 0 || !download_fetch(&download, error))
        return false;
    ssize_t got;
    while ((got = pread(fd, piece, sizeof piece, (off_t)text->length)) > 0)
        buffer_append(text, piece, (size_t)got);
    return got == 0 || error_errno(error, "cannot read what came from %s", url);
}

static void note_size(void *context, const char *doing, uint64_t done_bytes, uint64_t total_bytes) {
    (void)doing, (void)done_bytes;
    *(uint64_t *)context = total_bytes;
}

bool download_probe(const char *url, uint64_t *bytes, struct error *error) {
    scoped(file_release) int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const struct image_progress progress = {.report = note_size, .context = bytes};
    const struct fetch_program program = {
        .request = {.job = FETCH_PROBE, .limit_bytes = DOWNLOAD_LIMIT_BYTES, .text = url},
        .target = nowhere,
        .doing = "asking",
        .progress = &progress,
    };
    enum fetch_pieces pieces = FETCH_UNTOUCHED;
    *bytes = 0;
    return nowhere >= 0 ? fetch_program_run(&program, &pieces, error)
                        : error_errno(error, "cannot open /dev/null");
}
