/* What nsupdate(1) is to read for one name: a transaction of RFC 2136. Pure.
 *
 * Addresses are deleted by their value, and a name that may be somebody else's is touched under a
 * condition only, so that nothing is lost that pgsup did not put there. */
#pragma once

#include "base/buffer.h"
#include "home/names/dns_records.h"

#define DNS_TTL_S 60 /* how long others may remember an address */

enum dns_condition {
    DNS_UNCONDITIONAL, /* the name is known to be pgsup's */
    DNS_NO_ADDRESS,    /* it has no address: else YXRRSET */
    DNS_ONLY_ADDRESS,  /* it has that one and no other: else NXRRSET */
};

struct dns_batch {
    const struct dns_records *records; /* addresses of the name in them are taken away */
    const struct dns_record *name;     /* with the address that it is to have; NULL: none */
    enum dns_condition condition;
    const char *only; /* of DNS_ONLY_ADDRESS */
};

void dns_batch_format(const struct dns_batch *batch, struct buffer *text);
