/* Names and addresses of instances told to a DNS server (RFC 2136), by the program nsupdate: what
 * the instances are now is compared with what the server was told (dns_records.h), and one
 * transaction for each name makes up the difference.
 *
 * Blocking, for the command line and worker threads; one at a time for a home. nsupdate gets
 * DNS_UPDATE_TIMEOUT_MS for a name, all of them together DNS_ROUND_TIMEOUT_MS, and a server that
 * does not answer is asked once. What failed is found to differ again by the next call. */
#pragma once

#include "base/buffer.h"
#include "home/home.h"

#define DNS_UPDATE_TIMEOUT_MS 6000
#define DNS_ROUND_TIMEOUT_MS  20000
#define DNS_LOCK_WAIT_MS      8000 /* for another pgsup that is at it */

/* Whether an update is due; asks no server. */
bool dns_update_is_due(struct home *home, bool *due, struct error *error);
/* A line for each name that was told or taken away goes to done. The error is the first of all.
 * Names under a server or zone that the cloud does not have any more are given up when they cannot
 * be taken away. */
bool dns_update(struct home *home, struct buffer *done, struct error *error);
/* Forgets what the server knows: the next update sends everything. */
bool dns_update_doubt(struct home *home, struct error *error);
