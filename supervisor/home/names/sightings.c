#include "home/names/sightings.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "home/names/lease.h"
#include "home/names/neighbour.h"

#include <stdlib.h>

/* For who has the leases of a DHCP server in bootpd's form elsewhere: tests have. */
#define LEASES_VARIABLE "PGSUP_DHCPD_LEASES"

void sightings_load(struct sightings *sightings) {
    const char *given = getenv(LEASES_VARIABLE);
    const char *leases = given && *given ? given : platform_lease_file();
    *sightings = (struct sightings){.now_s = clock_wall_ms() / 1000};
    if (!interface_neighbours(&sightings->neighbours, &sightings->count))
        sightings->count = 0;
    if (leases && !file_read(leases, LEASE_FILE_LIMIT_BYTES, &sightings->leases, NULL))
        buffer_clear(&sightings->leases);
}

bool sightings_find(const struct sightings *sightings, const char *mac, const char *known,
                    char address[16], const char **source) {
    uint8_t bytes[6];
    *source = "neighbour";
    if (neighbour_find(sightings->neighbours, sightings->count, mac, known, address))
        return true;
    *source = "lease";
    return sightings->leases.length && name_parse_mac(mac, bytes) &&
           lease_find(sightings->leases.data, sightings->leases.length, bytes, sightings->now_s,
                      address);
}

void sightings_done(struct sightings *sightings) {
    free(sightings->neighbours);
    buffer_done(&sightings->leases);
    *sightings = (struct sightings){0};
}
