/* glibc's first heap ends at the break of the program; each other one is mapped above it. Other C
 * libraries do not tell: with them a thread allocates as ever. */
#include "base/platform.h"
#include "test.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 65536u
#define PIECES      64u

static void *allocate(void *nothing) {
    (void)nothing;
    return malloc(PIECE_BYTES);
}

TEST(a_thread_allocates_from_the_first_heap) {
    platform_share_heap();
    pthread_t thread;
    void *piece = NULL;
    CHECK_INT(pthread_create(&thread, NULL, allocate, NULL), 0);
    CHECK_INT(pthread_join(thread, &piece), 0);
#if defined(__GLIBC__)
    CHECK((uintptr_t)piece < (uintptr_t)sbrk(0));
#else
    CHECK(piece);
#endif
    free(piece);
}

#if defined(__GLIBC__)
static long resident_pages(void) {
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%ld %ld", &size, &resident) == 2);
    fclose(file);
    return resident;
}

TEST(what_is_free_below_something_in_use_is_given_back) {
    static char *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = malloc(PIECE_BYTES);
        memset(pieces[i], 1, PIECE_BYTES);
    }
    for (size_t i = 0; i + 1 < PIECES; i++)
        free(pieces[i]);
    long before = resident_pages();
    platform_trim_heap();
    CHECK((before - resident_pages()) * getpagesize() > (long)(PIECES / 2 * PIECE_BYTES));
    free(pieces[PIECES - 1]);
}
#endif

int main(void) {
    return test_run();
}
