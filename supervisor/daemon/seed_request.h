/* What a guest asks of the seed server, and what it is answered: a document of its instance, or
 * ok to its phone-home and to cloud-init's reports. The token in the path says whose it is; without
 * a known one there is the same 404 for all. Decides nothing: the calls get what came.
 *
 * An absent document of a known instance is 200 with an empty body and 503 is never sent: either
 * would cost the guest ten seconds or its boot (cloud-init: url_helper.readurl, util.read_seeded).
 * What cannot be read or kept at the moment is 500, after which cloud-init asks again for ten
 * seconds.
 */
#pragma once

#include "cloudinit/phone_home.h"
#include "cloudinit/report.h"
#include "cloudinit/route.h"
#include "daemon/seed_cache.h"
#include "daemon/seed_connection.h"
#include "home/home.h"
#include "store/instance_table.h"

struct seed_caller {          /* borrowed */
    const char *agent, *peer; /* agent: printable */
    struct tcp_socket ends;   /* local is the caller's */
    struct guest_peer *guest; /* what his connection has shown */
};

struct phone_home_call { /* borrowed, but for the answer */
    const struct phone_home *form;
    const struct seed_caller *from;
    struct seed_answer *answer;
};

struct seed_calls {
    void (*on_document)(void *context, const struct store_instance *instance,
                        enum seed_document document, const struct seed_caller *from);
    /* Answered by seed_request_settle(), now or later: the guest posts only once, so it gets 200
     * only when the post is in the store. */
    void (*on_phone_home)(void *context, const struct store_instance *instance,
                          const struct phone_home_call *call);
    bool (*on_report)(void *context, const struct store_instance *instance,
                      const struct report *report, const struct seed_caller *from);
    void (*on_refused)(void *context, const char *peer, const char *why); /* printable */
    void *context;
};

struct seed_request_context {
    struct home *home; /* borrowed */
    struct seed_calls calls;
    struct seed_cache *cache; /* the server's */
};

void seed_request_answer(const struct seed_request_context *context,
                         struct seed_connection *connection, const struct http_request *request);
/* FAILED: it cannot be recorded now; the guest tries again. REFUSED: the caller may not say that.
 */
enum seed_result { SEED_TAKEN, SEED_FAILED, SEED_REFUSED };
/* Exactly once for each phone_home_call, also after the server was closed. */
void seed_request_settle(struct seed_answer *answer, enum seed_result result);
