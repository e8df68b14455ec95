/* Files: written whole or not, read within limits, synced ahead, watched. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/file_watch.h"
#include "base/lock_holder.h"
#include "base/platform.h"
#include "base/secret.h"
#include "base/sync_ahead.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static off_t size_of(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? status.st_size : -1;
}

TEST(files_are_synced_ahead) {
    char folder[] = "/tmp/pgsup-base-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    scoped(alloc_release) char *path = alloc_printf("%s/file", folder);
    scoped(alloc_release) char *link_path = alloc_printf("%s/link", folder);
    scoped(alloc_release) char *second = alloc_printf("%s/second", folder);
    struct error error = {0};
    struct sync_ahead ahead;
    CHECK(file_write(path, "hello", 5, 0600, &error));
    sync_ahead_begin(&ahead, path);
    CHECK(sync_ahead_end(&ahead, &error));
    CHECK_INT(size_of(path), 5);
    sync_ahead_begin(&ahead, second);
    CHECK(!sync_ahead_end(&ahead, &error));
    CHECK_CONTAINS(error.text, second);
    CHECK(symlink(path, link_path) == 0); /* put in its place: it is another's file */
    sync_ahead_begin(&ahead, link_path);
    sync_ahead_drop(&ahead);
    CHECK(link(path, second) == 0);
    sync_ahead_begin(&ahead, path);
    sync_ahead_drop(&ahead);
    CHECK_INT(size_of(path), 5);
    CHECK(unlink(second) == 0);
    sync_ahead_begin(&ahead, path);
    sync_ahead_drop(&ahead);
    CHECK_INT(size_of(path), 0);
    CHECK(file_remove_tree(folder, NULL));
}

static ino_t inode(const char *path) {
    struct stat status = {0};
    CHECK_INT(stat(path, &status), 0);
    return status.st_ino;
}

static atomic_bool looks;

static void *look(void *folder) {
    while (looks)
        file_folder_is_free(folder);
    return NULL;
}

TEST(who_looks_at_a_lock_keeps_nobody_from_it) {
    char folder[] = "/tmp/pgsup-base-XXXXXX";
    pthread_t thread;
    CHECK(mkdtemp(folder) != NULL);
    int other = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), lock = -1;
    CHECK(flock(other, LOCK_SH) == 0); /* as one who looks */
    CHECK(file_folder_is_free(folder));
    CHECK(flock(other, LOCK_EX) == 0);
    CHECK(!file_folder_is_free(folder) && errno == EWOULDBLOCK);
    CHECK(file_lock_folder(folder) == -1 && errno == EWOULDBLOCK);
    file_release(&other);
    looks = true;
    CHECK(pthread_create(&thread, NULL, look, folder) == 0);
    for (int i = 0; i < 300; i++) {
        CHECK((lock = file_lock_folder(folder)) >= 0);
        file_release(&lock);
    }
    looks = false;
    pthread_join(thread, NULL);
    CHECK(file_remove_tree(folder, NULL));
    CHECK(!file_folder_is_free(folder) && errno == ENOENT);
}

TEST(a_file_that_is_as_it_should_be_is_not_written) {
    struct error error = {0};
    char folder[] = "/tmp/pgsup-base-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    scoped(alloc_release) char *path = alloc_printf("%s/kept", folder);
    CHECK(file_keep(path, "one", 3, 0600, &error));
    ino_t first = inode(path);
    CHECK(file_keep(path, "one", 3, 0600, &error));
    CHECK(inode(path) == first);
    CHECK_INT(chmod(path, 0644), 0);
    CHECK(file_keep(path, "one", 3, 0600, &error));
    CHECK(inode(path) != first);
    CHECK(file_keep(path, "two", 3, 0600, &error) && file_content_equals(path, "two", 3));
    unlink(path);
    rmdir(folder);
}

TEST(who_holds_the_lock_on_a_folder_is_named) {
    char folder[] = "/tmp/pgsup-base-XXXXXX", begin[128];
    CHECK(mkdtemp(folder) != NULL);
    struct error error = {0}, free_error = {0};
    int lock = file_lock_folder(folder);
    CHECK(lock >= 0 && file_lock_folder(folder) < 0 && errno == EWOULDBLOCK);
    CHECK(!lock_holder_report(folder, "the lab", &error));
    snprintf(begin, sizeof begin, "another process is working on the lab: %ld (", (long)getpid());
    CHECK(strncmp(error.text, begin, strlen(begin)) == 0);
    CHECK_CONTAINS(error.text, "); try again when it is done");
    CHECK_INT((int)error.code, ERROR_WRONG_STATE);
    close(lock);
    CHECK(!lock_holder_report(folder, "the lab", &free_error));
    CHECK_STRING(free_error.text,
                 "another process is working on the lab; try again when it is done");
    rmdir(folder);
    struct error gone = {0};
    CHECK(file_lock_folder(folder) < 0 && !lock_holder_explain(folder, "the lab", &gone));
    CHECK_CONTAINS(gone.text, " is gone: `pgsup list` shows whether its instance was removed");
    CHECK_INT((int)gone.code, ERROR_NOT_FOUND);
}

TEST(files_are_written_whole_or_not) {
    char folder[] = "/tmp/pgsup-base-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    char *path = alloc_printf("%s/a/b/file", folder);
    char *parent = alloc_printf("%s/a/b", folder);
    struct error error = {0};
    CHECK(file_make_directory(parent, 0700, &error));
    CHECK(file_write(path, "hello", 5, 0600, &error));
    struct buffer content = {0};
    CHECK(file_read(path, 100, &content, &error));
    CHECK_STRING(content.data, "hello");
    CHECK(!file_read(path, 4, &content, &error));
    CHECK_CONTAINS(error.text, "larger than 4 bytes");
    char digest[SECRET_SHA256_SIZE], again[SECRET_SHA256_SIZE];
    CHECK(secret_sha256_file(path, digest, NULL));
    secret_sha256("hello", 5, again);
    CHECK_STRING(digest, again);
    char *copy = alloc_printf("%s/copy", folder);
    CHECK(platform_copy_file(path, copy, 0400, NULL));
    CHECK(!platform_copy_file(path, copy, 0400, NULL)); /* never over an existing file */
    CHECK(file_remove_tree(folder, NULL));
    CHECK(!file_exists(folder));
    free(copy);
    free(path);
    free(parent);
    buffer_done(&content);
}

TEST(the_folder_of_a_path) {
    static const struct {
        const char *path, *expected;
    } cases[] = {{"/a/b", "/a/"}, {"/a/b//", "/a/"}, {"/a//b", "/a//"},
                 {"/a", "/"},     {"/", "/"},        {"//", "/"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scoped(alloc_release) char *parent = file_parent(cases[i].path);
        CHECK_STRING(parent, cases[i].expected);
    }
    scoped(alloc_release) char *here = file_absolute("");
    scoped(alloc_release) char *parent = file_parent("new/");
    CHECK_STRING(parent, here);
}

TEST(bytes_are_read_from_anywhere) {
    char path[] = "/tmp/pgsup-t.XXXXXX", bytes[8] = "";
    scoped(file_release) int file = mkstemp(path);
    unlink(path);
    CHECK(file_write_all(file, "0123456789", 10));
    CHECK_INT(file_read_at(file, bytes, 4, 3), 4);
    CHECK_STRING(bytes, "3456");
    CHECK_INT(file_read_at(file, bytes, 7, 8), 2);
    CHECK_STRING(bytes, "8956");
    CHECK_INT(file_read_at(file, bytes, 7, 10), 0);
    CHECK_INT(file_read_at(-1, bytes, 7, 0), -1);
}

TEST(a_file_is_read_whole_within_its_limit) {
    static const size_t lengths[] = {0, 1, 4094, 4095, 4096, 4097, 20000};
    char path[] = "/tmp/pgsup-t.XXXXXX";
    scoped(file_release) int file = mkstemp(path);
    scoped(buffer_done) struct buffer written = {0};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct error error = {0};
        scoped(buffer_done) struct buffer read = {0};
        scoped(buffer_done) struct buffer more = {0};
        while (written.length < lengths[i])
            buffer_putc(&written, (char)('a' + written.length % 26));
        CHECK(ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
        CHECK(file_write_all(file, written.data, written.length));
        buffer_puts(&read, "before ");
        CHECK(file_read(path, lengths[i], &read, NULL));
        CHECK_INT(read.length, strlen("before ") + lengths[i]);
        CHECK_INT(strlen(read.data), read.length);
        CHECK(lengths[i] == 0 ||
              memcmp(read.data + strlen("before "), written.data, lengths[i]) == 0);
        CHECK(lengths[i] == 0 || !file_read(path, lengths[i] - 1, &more, &error));
        CHECK_INT(error.code, lengths[i] ? ERROR_INVALID : ERROR_NONE);
    }
    unlink(path);
}

/* Where files do not tell their size. */
TEST(a_file_that_tells_no_size_is_read_whole) {
    scoped(buffer_done) struct buffer read = {0};
    struct stat status;
    if (stat("/proc/self/smaps", &status) < 0)
        return;
    CHECK(file_read("/proc/self/smaps", 1 << 20, &read, NULL));
    CHECK(read.length > 8192 && strlen(read.data) == read.length);
    CHECK(!file_read("/proc/self/smaps", 5000, &read, NULL));
}

TEST(a_pipe_in_the_place_of_a_file_blocks_nothing) {
    char folder[] = "/tmp/pgsup-t.XXXXXX";
    struct error error = {0};
    scoped(buffer_done) struct buffer text = {0};
    CHECK(mkdtemp(folder) != NULL);
    scoped(alloc_release) char *path = alloc_printf("%s/pipe", folder);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(!file_read(path, 100, &text, &error));
    CHECK(strstr(error.text, "is a pipe, not a file") != NULL);
    error = (struct error){0};
    CHECK(file_open_log(path, &error) < 0);
    CHECK(strstr(error.text, "is not a file") != NULL);
    unlink(path);
    rmdir(folder);
}

TEST(a_file_that_is_written_to_is_told) {
    char path[] = "/tmp/pgsup-watch-XXXXXX";
    int file = mkstemp(path), watch = file_watch_open(path);
    struct pollfd told = {.fd = watch, .events = POLLIN};
    if (watch < 0 && errno == EMFILE) { /* all that this user may have are in use elsewhere */
        close(file);
        unlink(path);
        return;
    }
    CHECK(watch >= 0);
    CHECK_INT(poll(&told, 1, 0), 0);
    CHECK(write(file, "x", 1) == 1);
    CHECK_INT(poll(&told, 1, 10000), 1);
    file_watch_clear(watch);
    CHECK_INT(poll(&told, 1, 0), 0);
    CHECK(pwrite(file, "y", 1, 0) == 1); /* in place, as the log of a store that begins anew */
    CHECK_INT(poll(&told, 1, 10000), 1);
    file_watch_close(watch);
    close(file);
    unlink(path);
    CHECK_INT(file_watch_open(path), -1);
}

int main(void) {
    return test_run();
}
