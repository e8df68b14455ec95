/* Fetching one file over HTTP(S) into a locked file, by pgsup-fetch. Blocking. Knows nothing of
 * images.
 *
 * download_open() makes or takes over the file and locks it, so that two programs never write into
 * one; the caller renames or removes it while it still holds the descriptor, then closes that.
 * Redirects are followed, though never from https to http; proxies are those that libcurl takes
 * from the environment. An answer other than 2xx, a short body, a stall or an interrupt is an
 * error.
 *
 * A download that may be resumed goes on behind what the file holds (a Range request, RFC 9110
 * 14.2), and again by itself when the connection breaks. Whether the pieces fit together is for the
 * caller to find out, by a checksum. A server that cannot go on (200), or that has no more than the
 * file holds (416), is no error: in the first case the file is begun anew, in the second left as it
 * is. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "home/images/image_progress.h"

#include <stdbool.h>

#define DOWNLOAD_LIMIT_BYTES (UINT64_C(64) << 30)

struct download { /* borrowed */
    const char *url;
    int fd;
    uint64_t limit_bytes;
    bool resumes;                          /* else what the file holds is dropped first */
    const struct image_progress *progress; /* may be NULL */
    bool *pieced; /* set when the file came out of more than one answer; may be NULL */
};

/* Open for writing, as it was left; -1 with ERROR_WRONG_STATE while another process holds it. */
int download_open(const char *path, struct error *error);
/* A short text as a whole, through a file that has no name. */
bool download_text(const char *url, uint64_t limit_bytes, struct buffer *text, struct error *error);
/* Whether the file can be had, without fetching it. bytes 0: the server does not say how many. */
bool download_probe(const char *url, uint64_t *bytes, struct error *error);
bool download_fetch(const struct download *download, struct error *error);
