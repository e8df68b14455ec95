/* The kinds of network that guests can be put in on this system, and the host's interfaces that
 * they are put on. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"

#include <stdbool.h>

/* The kind that bridges to an interface of this system: vmnet-bridged or bridge. */
enum spec_network network_bridged(void);
/* One that pgsup knows and that this system has. */
bool network_kind_check(const char *word, enum spec_network *kind, struct error *error);
/* What the kind is put on when nothing is said: the socket of socket_vmnet where Homebrew has it;
 * NULL for the others. */
const char *network_default_interface(enum spec_network kind);
/* The absolute path of vmnet-helper; caller frees. */
char *network_helper(struct error *error);
/* What the kind is put on; option is for the sentence: "--host-if". NULL: not given, which some
 * kinds need and others refuse. */
bool network_interface_check(enum spec_network kind, const char *option, const char *interface,
                             struct error *error);
