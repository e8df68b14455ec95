/* A file copied, hashed and synced in one pass: what it holds, its holes, and what a failure
 * leaves. */
#include "base/hashed_copy.h"
#include "base/interrupt.h"
#include "scratch.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define MIB        (1u << 20)
#define FILE_BYTES (9 * MIB + 12345)

static char *from, *to, *content;

/* Data, 4 MiB of zeros, data, and zeros at the end. */
static void begin(void) {
    alloc_replace(&from, scratch_path("from"));
    alloc_replace(&to, scratch_path("to"));
    alloc_replace(&content, alloc_zero(FILE_BYTES));
    for (size_t i = 0; i < 8 * MIB; i++)
        content[i] = i < 2 * MIB || i >= 6 * MIB ? (char)(i % 251 + 1) : 0;
    scratch_write(from, content, FILE_BYTES, 0644);
    unlink(to);
}

static bool copy(const char *head, char digest[SECRET_SHA256_SIZE], struct error *error) {
    scoped(file_release) int fd = open(from, O_RDONLY | O_CLOEXEC);
    const struct hashed_copy what = {
        .from = fd, .from_path = from, .to = to, .head = head, .head_bytes = strlen(head)};
    return hashed_copy_make(&what, digest, error);
}

TEST(the_copy_is_what_its_digest_says_and_keeps_holes) {
    char digest[SECRET_SHA256_SIZE], expected[SECRET_SHA256_SIZE];
    struct error error = {0};
    struct stat status;
    begin();
    CHECK(copy("another head", digest, &error));
    CHECK_STRING(error.text, "");
    memcpy(content, "another head", strlen("another head"));
    CHECK(file_content_equals(to, content, FILE_BYTES));
    secret_sha256(content, FILE_BYTES, expected);
    CHECK_STRING(digest, expected);
    CHECK(stat(to, &status) == 0 && (status.st_mode & 07777) == 0600);
    CHECK((uint64_t)status.st_blocks * 512 < 6 * MIB); /* of 4 MiB that are not zero */
}

TEST(a_file_that_is_there_stays_as_it_is) {
    char digest[SECRET_SHA256_SIZE];
    struct error error = {0};
    begin();
    scratch_write(to, "mine", 4, 0600);
    CHECK(!copy("", digest, &error));
    CHECK_CONTAINS(error.text, "cannot write ");
    CHECK(file_content_equals(to, "mine", 4));
}

/* What is written by this process must not end it. */
TEST(a_full_disk_leaves_no_copy) {
    char digest[SECRET_SHA256_SIZE];
    struct error error = {0};
    struct rlimit before, small;
    begin();
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small = before;
    small.rlim_cur = 7 * MIB;
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    CHECK(!copy("", digest, &error));
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK_CONTAINS(error.text, "cannot write ");
    CHECK_CONTAINS(error.text, "/to: File too large");
    CHECK(!file_exists(to));
}

/* The disk that is copied, not the copy. */
TEST(what_cannot_be_read_is_named) {
    char digest[SECRET_SHA256_SIZE];
    struct error error = {0};
    begin();
    scoped(file_release) int fd = open(from, O_WRONLY | O_CLOEXEC);
    const struct hashed_copy what = {.from = fd, .from_path = from, .to = to, .head = ""};
    CHECK(!hashed_copy_make(&what, digest, &error));
    CHECK_CONTAINS(error.text, "cannot read ");
    CHECK_CONTAINS(error.text, "/from: Bad file descriptor");
    CHECK(!file_exists(to));
}

static void *shorten(void *context) {
    (void)context;
    while (!file_exists(to))
        usleep(1000);
    CHECK(truncate(from, 0) == 0);
    return NULL;
}

/* Its copy would take a minute. */
TEST(one_that_becomes_shorter_is_named) {
    char digest[SECRET_SHA256_SIZE];
    struct error error = {0};
    pthread_t thread;
    begin();
    CHECK(truncate(from, (off_t)64 << 30) == 0);
    CHECK(pthread_create(&thread, NULL, shorten, NULL) == 0);
    CHECK(!copy("", digest, &error));
    pthread_join(thread, NULL);
    CHECK_CONTAINS(error.text, "cannot read ");
    CHECK_CONTAINS(error.text, "/from: it became shorter meanwhile");
    CHECK(!file_exists(to));
}

TEST(an_interrupt_leaves_no_copy) {
    char digest[SECRET_SHA256_SIZE];
    struct error error = {0};
    atomic_bool also = true;
    begin();
    interrupt_follow(&also);
    CHECK(!copy("", digest, &error));
    interrupt_follow(NULL);
    CHECK_INT(error.code, ERROR_CANCELLED);
    CHECK(!file_exists(to));
}

int main(void) {
    int status = test_run();
    alloc_release(&from), alloc_release(&to), alloc_release(&content);
    return status;
}
