/* The way to the serial console of a VM: relayed by the supervisor, or, when none runs, the VM's
 * own socket, of which there is one user at a time; what comes from there is appended to
 * console.log, as the supervisor would do. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "home/home.h"

#include <stdbool.h>

struct console_link; /* opaque */

struct console_link_options {
    const char *name;
    bool read_only, take;
};

/* What has arrived. */
struct console_news {
    struct buffer output; /* of the guest */
    char *notice;         /* a sentence; NULL */
    bool read_only;       /* somebody else types from now on */
    bool entered;         /* the last screen was shown again: what comes is new */
    bool ended;
};
void console_news_done(struct console_news *news);

/* ERROR_WRONG_STATE: it does not run, vm.sh has its console, or somebody else types. */
struct console_link *console_link_open(const struct home *home,
                                       const struct console_link_options *options,
                                       struct error *error);
void console_link_close(struct console_link *link); /* NULL is fine */

bool console_link_is_relayed(const struct console_link *link); /* by a supervisor, now */
int console_link_descriptor(const struct console_link *link);  /* -1: let go */
/* When it is readable. False: the way to the VM is gone, and error says why. */
bool console_link_read(struct console_link *link, struct console_news *news, struct error *error);
bool console_link_write(struct console_link *link, const char *data, size_t length,
                        struct error *error);
/* Lets go of the VM's socket, so that a process that is about to be stopped does not hold up the
 * guest; takes it again. */
void console_link_let_go(struct console_link *link);
bool console_link_take_again(struct console_link *link, struct error *error);
/* From time to time: goes over to a supervisor that was started meanwhile. */
void console_link_tick(struct console_link *link, struct console_news *news);
