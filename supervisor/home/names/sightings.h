/* Where this host has seen guests: its table of neighbours, and the leases of macOS's DHCP server,
 * which has an address before anybody has talked to it. Blocking. */
#pragma once

#include "base/buffer.h"
#include "base/interface.h"

struct sightings {
    struct interface_neighbour *neighbours;
    size_t count;
    struct buffer leases;
    int64_t now_s;
};

/* What cannot be read is empty. */
void sightings_load(struct sightings *sightings);
/* As neighbour_find(). source: "neighbour" or "lease", constant. */
bool sightings_find(const struct sightings *sightings, const char *mac, const char *known,
                    char address[16], const char **source);
void sightings_done(struct sightings *sightings);
