/* Keeps the DNS server of the cloud told: compares and updates (home/dns_update.h) on a worker
 * thread of its own turn, so that a server that hangs holds up nothing else. After a failure it
 * waits for DNS_KEEPER_RETRY_MS; a reason is told once. */
#pragma once

#include "daemon/recorder.h"

#define DNS_KEEPER_RETRY_MS 30000u

struct dns_keeper; /* opaque */

struct dns_keeper *dns_keeper_new(uv_loop_t *loop, struct recorder *recorder,
                                  const char *home_path);
void dns_keeper_look(struct dns_keeper *keeper);  /* now, unless it is at it or waits */
void dns_keeper_close(struct dns_keeper *keeper); /* frees when its work has ended; NULL is fine */
