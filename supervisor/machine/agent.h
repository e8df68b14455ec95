/* One question to a guest's agent on the event loop: a socket, a conversation (qmp/qga.h), one
 * timer. It connects for this question only, so that others can use the agent too. on_answer is
 * called exactly once, unless the owner closes the agent first. The owner always closes it. */
#pragma once

#include "qmp/qga_addresses.h"

#include <uv.h>

#define AGENT_TIMEOUT_MS 5000u

struct agent; /* opaque */

/* addresses: those of the card with the given MAC address; empty when the agent reports none. NULL:
 * there is no agent, or it did not answer in time. */
typedef void agent_on_answer(void *owner, const struct qga_addresses *addresses);

struct agent *agent_ask(uv_loop_t *loop, const char *path, const char *mac, void *owner,
                        agent_on_answer *on_answer);
/* Sets the clock of the guest to that of this computer. The answer has no addresses; NULL: it was
 * not set. */
struct agent *agent_set_time(uv_loop_t *loop, const char *path, void *owner,
                             agent_on_answer *on_answer);
/* Thaws the file systems of the guest; those that are not frozen are no failure. The answer has no
 * addresses; NULL: it is not known. */
struct agent *agent_thaw(uv_loop_t *loop, const char *path, void *owner,
                         agent_on_answer *on_answer);
/* Has the guest's shell run the script as root. The answer has no addresses; NULL: it did not end
 * well, or the agent may not run programs. */
struct agent *agent_run_script(uv_loop_t *loop, const char *path, const char *script, void *owner,
                               agent_on_answer *on_answer);
void agent_close(struct agent *agent); /* NULL is fine */
