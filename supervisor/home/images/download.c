#include "home/images/download.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/images/fetch_program.h"

#include <fcntl.h>
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
