/* Guests that run and of which nothing is heard: no document fetched, no phone-home, no agent, no
 * neighbour, no lease. After a minute the causes are named, as event and as the VM's reason, which
 * goes as soon as the guest is heard of. With user networking there is nothing to hear. */
#pragma once

#include "daemon/fleet.h"

#define SILENCE_MS          60000u  /* from the first sign of its kernel */
#define SILENCE_EMULATED_MS 300000u /* without hardware virtualisation a boot takes minutes */

struct silence; /* opaque */

struct silence *silence_new(struct fleet *fleet);
void silence_look(struct silence *silence);  /* to be called every few seconds */
void silence_close(struct silence *silence); /* NULL is fine */
