/* The kinds of network that this system has, and the host's interfaces and sockets that guests are
 * attached to. */
#pragma once

#include "base/error.h"
#include "host/network_choice.h"

#include <stdbool.h>

/* The kind that bridges to an interface of this system: vmnet-bridged or bridge. */
enum spec_network network_bridged(void);
/* What network_choose() is to know of this host; interface: to be bridged to, or NULL. */
struct network_facts network_survey(const char *interface);
/* Fails for an unknown kind and for one that this system does not have. */
bool network_kind_check(const char *word, enum spec_network *kind, struct error *error);
/* What the kind is attached to by default: the socket of socket_vmnet where Homebrew creates it;
 * NULL for the other kinds. */
const char *network_default_interface(enum spec_network kind);
/* The absolute path of vmnet-helper: from PATH, Homebrew's libexec, or its own folder. Where macOS
 * wants root for it, only the last one, if nobody else can replace it. Caller frees. */
char *network_helper(struct error *error);
/* Fails for the loopback interface, which carries no frames. interface: NULL is fine. */
bool network_check_not_loopback(const char *option, const char *interface, struct error *error);
/* Checks what the kind is attached to. option: its name in messages, "--host-if". interface NULL:
 * not given; some kinds require one, others refuse it. */
bool network_interface_check(enum spec_network kind, const char *option, const char *interface,
                             struct error *error);
/* What is to be known of guests that are bridged to it; NULL: nothing. */
const char *network_interface_remark(enum spec_network kind, const char *interface);
