#include "base/hashed_copy.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/platform.h"
#include "base/sha256.h"
#include "base/waiting.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 20, HOLE_BYTES = 1 << 16, TICK_MS = 200 };

struct copying {
    const struct hashed_copy *copy;
    int to;
    uint64_t bytes;
    int told[2]; /* a pipe: a byte for each piece that is there; its end: the thread's */
    int number;  /* errno of the thread; 0: all is on the disk */
};

static size_t piece_length(const struct copying *copying, uint64_t at) {
    uint64_t left = copying->bytes - at;
    return left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
}

/* --- the thread that copies: no signal reaches it, nor that of a pipe without a reader --- */

static bool is_zero(const unsigned char *bytes, size_t length) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static bool write_piece(int fd, const unsigned char *piece, size_t length, uint64_t from) {
    bool hole = false;
    for (size_t at = 0; at < length;) {
        size_t part = HOLE_BYTES - at % HOLE_BYTES;
        part = part < length - at ? part : length - at;
        hole = is_zero(piece + at, part);
        ssize_t put = hole ? (ssize_t)part : pwrite(fd, piece + at, part, (off_t)(from + at));
        if (put < 0)
            return false;
        at += (size_t)put;
    }
    return !hole || ftruncate(fd, (off_t)(from + length)) == 0;
}

static int copy_pieces(const struct copying *copying) {
    const struct hashed_copy *copy = copying->copy;
    scoped(alloc_release) unsigned char *piece = alloc_zero(PIECE_BYTES);
    for (uint64_t at = 0; at < copying->bytes;) {
        size_t length = piece_length(copying, at);
        ssize_t got = file_read_at(copy->from, piece, length, at);
        if (got != (ssize_t)length)
            return got < 0 ? errno : EIO;
        if (at == 0)
            memcpy(piece, copy->head, copy->head_bytes);
        if (!write_piece(copying->to, piece, length, at))
            return errno;
        platform_write_out(copying->to, at, length);
        at += length;
        if (write(copying->told[1], "", 1) < 0)
            return errno;
    }
    return fsync(copying->to) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno;
}

static void *copy_it(void *context) {
    struct copying *copying = context;
    copying->number = copy_pieces(copying);
    file_release(&copying->told[1]);
    return NULL;
}

/* --- the caller's --- */

/* False: there is none any more, or an interrupt came. */
static bool await_piece(const struct copying *copying) {
    struct pollfd ready = {.fd = copying->told[0], .events = POLLIN};
    char byte;
    while (interrupt_check(NULL)) {
        waiting_tick();
        if (poll(&ready, 1, TICK_MS) > 0)
            return read(ready.fd, &byte, 1) == 1;
    }
    return false;
}

/* 0, or errno. */
static int hash_pieces(const struct copying *copying, struct sha256 *sha256) {
    scoped(alloc_release) unsigned char *piece = alloc_zero(PIECE_BYTES);
    for (uint64_t at = 0; await_piece(copying);) {
        size_t length = piece_length(copying, at);
        ssize_t got = file_read_at(copying->to, piece, length, at);
        if (got != (ssize_t)length)
            return got < 0 ? errno : EIO;
        sha256_add(sha256, piece, length);
        at += length;
    }
    return interrupt_check(NULL) ? 0 : EINTR;
}

/* What is not wanted is emptied, so that nothing of it is waited for. */
static int run_copying(struct copying *copying, struct sha256 *sha256) {
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&thread, NULL, copy_it, copying);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number)
        return number;
    waiting_begin("copying", strrchr(copying->copy->to, '/') + 1);
    number = hash_pieces(copying, sha256);
    if (number && ftruncate(copying->to, 0) < 0)
        number = errno;
    file_release(&copying->told[0]);
    pthread_join(thread, NULL);
    waiting_end();
    return number ? number : copying->number;
}

bool hashed_copy_make(const struct hashed_copy *copy, char digest[SECRET_SHA256_SIZE],
                      struct error *error) {
    struct copying copying = {.copy = copy};
    struct sha256 sha256;
    struct stat status;
    if (fstat(copy->from, &status) < 0 || !child_pipe(copying.told, error))
        return error_errno(error, "cannot copy to %s", copy->to);
    copying.bytes = (uint64_t)status.st_size;
    copying.to = open(copy->to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    sha256_begin(&sha256);
    errno = copying.to < 0 || fchmod(copying.to, 0600) < 0 ? errno : run_copying(&copying, &sha256);
    bool good =
        errno == 0 || (interrupt_check(error) && error_errno(error, "cannot write %s", copy->to));
    if (good)
        secret_sha256_end(&sha256, digest);
    else if (copying.to >= 0)
        unlink(copy->to);
    file_release(&copying.to);
    file_release(&copying.told[0]);
    file_release(&copying.told[1]);
    return good;
}
