#include "home/names/dns_batch.h"

#include "home/cloud/dns_settings.h"

#include <string.h>

static void format_condition(const struct dns_batch *batch, struct buffer *text) {
    const struct dns_record *name = batch->name;
    if (batch->condition == DNS_NO_ADDRESS)
        buffer_printf(text, "prereq nxrrset %s.%s. IN A\n", name->name, name->zone);
    if (batch->condition == DNS_ONLY_ADDRESS)
        buffer_printf(text, "prereq yxrrset %s.%s. IN A %s\n", name->name, name->zone, batch->only);
}

void dns_batch_format(const struct dns_batch *batch, struct buffer *text) {
    const struct dns_record *name = batch->name;
    char address[16];
    unsigned port;
    dns_settings_split(name->server, address, &port);
    buffer_printf(text, "server %s %u\nzone %s.\n", address, port, name->zone);
    format_condition(batch, text);
    for (size_t i = 0; i < batch->records->count; i++) {
        const struct dns_record *each = &batch->records->items[i];
        if (dns_records_is_same_name(each, name) &&
            (!name->address || strcmp(each->address, name->address) != 0))
            buffer_printf(text, "update delete %s.%s. IN A %s\n", name->name, name->zone,
                          each->address);
    }
    if (name->address)
        buffer_printf(text, "update add %s.%s. %d IN A %s\n", name->name, name->zone, DNS_TTL_S,
                      name->address);
    buffer_puts(text, "send\n");
}
