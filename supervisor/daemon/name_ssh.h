/* Tells one running guest at a time, by ssh and sudo, who else is in its networks: for guests that
 * have no agent. Only with a private key that is in a file, so that nobody is asked for anything,
 * and only to a guest whose address and host keys are known. A child with a deadline. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <uv.h>

struct name_ssh; /* opaque */

typedef void name_ssh_on_done(void *context, int64_t instance, bool good);

/* home: of the caller, read on the loop's thread. */
struct name_ssh *name_ssh_new(uv_loop_t *loop, struct home *home, void *context,
                              name_ssh_on_done *on_done);
bool name_ssh_is_busy(const struct name_ssh *ssh);
/* Has the guest run the script; on_done follows, unless it fails at once. */
bool name_ssh_run(struct name_ssh *ssh, const struct store_instance *instance, const char *script,
                  struct error *error);
void name_ssh_close(struct name_ssh *ssh); /* ends the child; frees later */
