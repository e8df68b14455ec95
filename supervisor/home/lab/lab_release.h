/* What an instance that exists gives up by the file, and another one of the file asks for by name:
 * addresses, MAC addresses, ports, and places in a pair. It is given up before anything else is
 * made or changed, so that instances can exchange them. */
#pragma once

#include "base/buffer.h"
#include "home/change/home_edit.h"
#include "home/lab/lab_options.h"

struct lab_release {
    struct strv nics;     /* positions */
    struct strv forwards; /* texts */
    bool address;         /* of the first card: by DHCP until it has the other one */
    bool ssh_port;        /* any other until then */
    struct buffer detail; /* for people; empty: nothing is to be given up */
};

/* Fills the options. Changes nothing. */
bool lab_release_find(struct home *home, struct lab_options *options, struct lab_release *release,
                      struct error *error);
bool lab_release_apply(struct home_edit *edit, const struct lab_release *release,
                       struct error *error);
void lab_release_done(struct lab_release *release);
