/* Keeps the cloud's DNS server up to date: compares and updates (home/names/dns_update.h) on a
 * worker thread, so that a server that hangs delays nothing else. After a failure it waits for
 * DNS_SYNC_RETRY_MS; the same reason is logged once. */
#pragma once

#include "daemon/recorder.h"

#define DNS_SYNC_RETRY_MS 30000u

struct dns_sync; /* opaque */

struct dns_sync *dns_sync_new(uv_loop_t *loop, struct recorder *recorder, const char *home_path);
void dns_sync_run(struct dns_sync *sync);   /* unless it is busy or waits */
void dns_sync_close(struct dns_sync *sync); /* frees when its work has ended; NULL is fine */
