/* Fetching one file over HTTP(S) into a locked file. Blocking. Knows nothing of images.
 *
 * download_open() makes or takes over the file and locks it, so that two programs never write into
 * one; the caller renames or removes it while it still holds the descriptor, then closes that.
 * Redirects are followed, though never from https to http; proxies are those that libcurl takes
 * from the environment. An answer other than 2xx, a short body or a stall is an error. */
#pragma once

#include "base/error.h"
#include "home/image.h"

#define DOWNLOAD_LIMIT_BYTES       (UINT64_C(64) << 30)
#define DOWNLOAD_CONNECT_LIMIT_S   30L
#define DOWNLOAD_STALL_LIMIT_S     60L   /* this long below … */
#define DOWNLOAD_STALL_BYTES_PER_S 1024L /* … this, and it is given up */
#define DOWNLOAD_REDIRECT_LIMIT    10L

/* Empty file, open for writing; -1 with ERROR_WRONG_STATE while another process holds it. */
int download_open(const char *path, struct error *error);
bool download_fetch(const char *url, int fd, uint64_t limit_bytes,
                    const struct image_progress *progress, struct error *error);
