/* Provisions a guest that phoned home: writes known_hosts and the Ansible files on a worker thread,
 * then runs ansible-playbook as a child with its output in INSTANCEDIR/ansible.log. Runs as the
 * home's owner, never as root for another user's home. One run per instance at a time; a failure is
 * recorded and not repeated. */
#pragma once

#include "home/access/endpoint.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <uv.h>

#define PROVISIONING_TIMEOUT_MS 1800000u /* then ansible-playbook is killed */

/* result: "ok", "skipped: …", "failed: …", "interrupted by a stop". */
typedef void provisioning_on_done(void *context, int64_t instance, const char *result);

struct provisioning; /* opaque: the runs under way */

struct provisioning *provisioning_new(uv_loop_t *loop, const char *home_path, void *context,
                                      provisioning_on_done *on_done);
struct provisioning_guest {
    const struct endpoint *endpoint;
    const char *host_keys;
    const char *playbook; /* absolute; NULL: INSTANCEDIR/deploy.yaml */
};
bool provisioning_is_under_way(const struct provisioning *provisioning, int64_t instance);
/* Does nothing while a run for this instance is under way. First installs what requirements.yml
 * names, that of the instance, else that of the home. */
void provisioning_run(struct provisioning *provisioning, const struct store_instance *instance,
                      const struct provisioning_guest *guest);
/* The guest is being stopped, which a run that does not end well is then excused by; stopped: it
 * has ended, and so does the run. */
void provisioning_interrupt(struct provisioning *provisioning, int64_t instance, bool stopped);
/* Only tells that it is not run, and why. */
void provisioning_skip(struct provisioning *provisioning, const struct store_instance *instance,
                       const char *why);
void provisioning_close(struct provisioning *provisioning); /* ends the children */
