/* The seed server: HTTP/1.1 on one address, for guests. Serves the files in INSTANCEDIR/cloud-init/
 * under the instance's token as they are at that moment, so that a user's edit counts, and takes
 * the phone-home and cloud-init's reports. Decides nothing: its owner gets what it received.
 *
 * An absent document of a known instance is 200 with an empty body and 503 is never sent: either
 * would cost the guest ten seconds or its boot (cloud-init: url_helper.readurl, util.read_seeded).
 * What cannot be read or kept at the moment is 500, after which cloud-init asks again for ten
 * seconds.
 */
#pragma once

#include "base/tcp_owner.h"
#include "cloudinit/phone_home.h"
#include "cloudinit/report.h"
#include "cloudinit/route.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <uv.h>

#define SEED_CONNECTION_LIMIT   256u   /* or a quarter of the descriptors; share.h: who goes */
#define SEED_GRACE_MS           250u   /* in which a connection that is too many shows a token */
#define SEED_HEAD_TIMEOUT_MS    10000u /* since the connection, or since the last answer */
#define SEED_REQUEST_TIMEOUT_MS 30000u /* likewise; the whole request */
#define SEED_ANSWER_TIMEOUT_MS  30000u /* until the peer has taken it */
#define SEED_REFUSAL_DELAY_MS   100u   /* of the answer to a request without a known token */
#define SEED_PORT_TIMEOUT_MS    2000u  /* at the beginning */

struct seed_answer; /* opaque: to a guest that waits, or has disconnected */

struct seed_caller {          /* borrowed */
    const char *agent, *peer; /* agent: printable */
    struct tcp_socket ends;   /* local is the caller's */
};

struct phone_home_call { /* borrowed, but for the answer */
    const struct phone_home *form;
    const struct seed_caller *from;
    struct seed_answer *answer;
};

struct seed_server_calls {
    void (*on_document)(void *context, const struct store_instance *instance,
                        enum seed_document document, const struct seed_caller *from);
    /* Answered by seed_server_answer(), now or later: the guest posts only once, so it gets 200
     * only when the post is in the store. */
    void (*on_phone_home)(void *context, const struct store_instance *instance,
                          const struct phone_home_call *call);
    bool (*on_report)(void *context, const struct store_instance *instance,
                      const struct report *report, const struct seed_caller *from);
    void (*on_refused)(void *context, const char *peer, const char *why); /* printable */
    void *context;
};

struct seed_server; /* opaque */

struct seed_server_options {
    const char *address;
    uint16_t port;
    uint64_t timeout_ms; /* for a port in use to become free; blocks meanwhile */
    struct seed_server_calls calls;
};
/* NULL with a sentence: port in use, address not on this machine. */
struct seed_server *seed_server_open(uv_loop_t *loop, struct home *home,
                                     const struct seed_server_options *options,
                                     struct error *error);
/* FAILED: it cannot be recorded now; the guest tries again. REFUSED: the caller may not say that.
 */
enum seed_result { SEED_TAKEN, SEED_FAILED, SEED_REFUSED };
/* Call exactly once, also after the server was closed. */
void seed_server_answer(struct seed_answer *answer, enum seed_result result);
void seed_server_close(struct seed_server *server); /* NULL is fine */
