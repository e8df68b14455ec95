/* What follows when a guest phones home: the first post as each instance-id is recorded, with the
 * host keys that are trusted, and begins provisioning; a repeated one only counts as readiness.
 * Knows no socket: the seed server answers the guest once the record is written. */
#pragma once

#include "daemon/address_tracker.h"
#include "daemon/fleet.h"
#include "daemon/provisioning.h"
#include "daemon/recorder.h"
#include "daemon/seed_request.h"

struct phone_home_context { /* borrowed */
    struct fleet *fleet;
    struct recorder *recorder;
    struct address_tracker *tracker;
    struct provisioning *provisioning;
};

/* Answers the call with seed_request_settle(), now or once the store has what was recorded. */
void phone_home_receive(const struct phone_home_context *context,
                        const struct store_instance *instance, const struct phone_home_call *call);
