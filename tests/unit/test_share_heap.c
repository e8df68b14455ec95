/* glibc's first heap ends at the break of the program; each other one is mapped above it. Other C
 * libraries do not tell: with them a thread allocates as ever. */
#include "base/platform.h"
#include "test.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE_BYTES 65536u

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

int main(void) {
    return test_run();
}
