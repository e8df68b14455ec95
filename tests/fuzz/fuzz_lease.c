/* Leases that name what guests wrote. Whatever is in the file, what comes out is an address. */
#include "base/name.h"
#include "home/names/lease.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t mac[] = {0x52, 0x54, 0, 0xab, 0xcd, 7};
    char address[16];
    uint32_t ip4;
    memset(address, 'x', sizeof address);
    if (lease_find((const char *)data, size, mac, 1732600000, address) &&
        (!memchr(address, 0, sizeof address) || !name_parse_ip4(address, &ip4)))
        abort();
    return 0;
}
