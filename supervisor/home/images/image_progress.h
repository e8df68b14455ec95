/* How an image's long ways are told to whoever waits. Either function may be NULL. */
#pragma once

#include <stdint.h>

struct image_progress {
    /* Called now and then while bytes move. doing: "downloading", "unpacking"; total 0: unknown. */
    void (*report)(void *context, const char *doing, uint64_t done_bytes, uint64_t total_bytes);
    void (*note)(void *context, const char *sentence); /* something to know that is no failure */
    void *context;
};
