/* Asks whether sshd answers at an address: connects, waits for the banner "SSH-" (RFC 4253 4.2),
 * and tries again every PROBE_INTERVAL_MS until it does. With user networking the connection itself
 * proves nothing: QEMU accepts it before the guest is there. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define PROBE_INTERVAL_MS 1000
#define PROBE_TIMEOUT_MS  5000 /* for one connection */

struct probe; /* opaque */

typedef void probe_on_answer(void *owner);

struct probe *probe_start(uv_loop_t *loop, const char *address, uint16_t port, void *owner,
                          probe_on_answer *on_answer);
/* Called once, when this host has no way to the address: errno EHOSTUNREACH. */
void probe_on_no_route(struct probe *probe, probe_on_answer *on_no_route);
/* Called whenever something answers there, be it with a refusal: for who asks whether a guest is
 * there. The owner may close the probe in it. */
void probe_on_sign(struct probe *probe, probe_on_answer *on_sign);
void probe_close(struct probe *probe); /* NULL is fine; also needed after the answer */
