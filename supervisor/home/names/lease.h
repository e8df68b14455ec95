/* Leases of macOS's DHCP server, bootpd: /var/db/dhcpd_leases, which every guest on vmnet gets its
 * address from. Pure. A file of blocks, the latest lease first:
 *
 *   {
 *           name=web
 *           ip_address=192.168.64.7
 *           hw_address=1,52:54:0:ab:cd:7
 *           identifier=1,52:54:0:ab:cd:7
 *           lease=0x6745ad3c
 *   }
 *
 * Bytes of a MAC address have no leading zero, and a guest that names itself by a DUID has "ff,"
 * with that in the place of its MAC address (bootp: NICache.c, host_identifier.c). Guests write
 * part of it: what is not of this form is skipped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEASE_FILE_LIMIT_BYTES (1u << 20)
#define LEASE_LINE_LIMIT_BYTES 512u /* longer ones are skipped */

/* The address that a card has by a lease which ends after now_s, seconds since 1970. False: none.
 */
bool lease_find(const char *text, size_t length, const uint8_t mac[6], int64_t now_s,
                char address[16]);
