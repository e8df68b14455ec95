/* Which lease of macOS's DHCP server is a guest's. */
#include "base/file.h"
#include "home/names/lease.h"
#include "home/names/sightings.h"
#include "scratch.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW  1732600000
#define ENDS "0x67500000" /* after it */

static const uint8_t mac[] = {0x52, 0x54, 0, 0xab, 0xcd, 7};

static char *block(const char *address, const char *hardware, const char *ends) {
    return alloc_printf("{\n\tname=web\n\tip_address=%s\n\thw_address=%s\n\tidentifier=%s\n"
                        "\tlease=%s\n}\n",
                        address, hardware, hardware, ends);
}

static void check(const char *text, const char *expected) {
    char address[16] = "";
    CHECK_INT(lease_find(text, strlen(text), mac, NOW, address), expected != NULL);
    CHECK_STRING(address, expected ? expected : "");
}

static void check_block(const char *hardware, const char *ends, bool found) {
    scoped(alloc_release) char *text = block("192.168.64.7", hardware, ends);
    check(text, found ? "192.168.64.7" : NULL);
}

TEST(bytes_are_compared_not_text) {
    check_block("1,52:54:0:ab:cd:7", ENDS, true);
    check_block("1,52:54:00:AB:cd:07", ENDS, true);
    check_block("1,52:54:0:ab:cd:8", ENDS, false);
    check_block("1,52:54:0:ab:cd", ENDS, false);
    check_block("1,52:54:0:ab:cd:7:1", ENDS, false);
    check_block("1,152:54:0:ab:cd:7", ENDS, false);
    check_block("6,52:54:0:ab:cd:7", ENDS, false);
    check_block("52:54:0:ab:cd:7", ENDS, false);
    check_block("1,52:54:0:ab:cd:-7", ENDS, false);
    check_block("1,", ENDS, false);
}

TEST(a_duid_may_hold_the_mac_address) {
    check_block("ff,f1:f5:dd:7f:0:1:0:1:2c:1:2:3:52:54:0:ab:cd:7", ENDS, true);
    check_block("ff,f1:f5:dd:7f:0:3:0:1:52:54:0:ab:cd:7", ENDS, true);
    /* systemd-networkd's own: a hash of the machine-id. */
    check_block("ff,f1:f5:dd:7f:0:2:0:0:ab:11:8d:24:52:54:0:ab:cd:7", ENDS, false);
    check_block("ff,52:54:0:ab:cd:7", ENDS, false);
}

TEST(a_lease_that_has_ended_is_nobodys) {
    check_block("1,52:54:0:ab:cd:7", "0x1", false);
    check_block("1,52:54:0:ab:cd:7", "0x0", true); /* has no end */
    check_block("1,52:54:0:ab:cd:7", "0xffffffffffffffff", true);
}

TEST(the_latest_lease_comes_first) {
    scoped(alloc_release) char *other = block("192.168.64.2", "1,52:54:0:ab:cd:8", ENDS);
    scoped(alloc_release) char *late = block("192.168.64.3", "1,52:54:0:ab:cd:7", ENDS);
    scoped(alloc_release) char *early = block("192.168.64.4", "1,52:54:0:ab:cd:7", ENDS);
    scoped(alloc_release) char *text = alloc_printf("%s%s%s", other, late, early);
    check(text, "192.168.64.3");
}

TEST(what_is_not_of_its_form_is_skipped) {
    scoped(alloc_release) char *good = block("192.168.64.7", "1,52:54:0:ab:cd:7", ENDS);
    scoped(alloc_release) char *hidden = block("192.168.64.300", "1,52:54:0:ab:cd:7", ENDS);
    char wide[LEASE_LINE_LIMIT_BYTES + 8];
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = 0;
    scoped(alloc_release) char *text =
        alloc_printf("}\n=\n{\nname=%s\n}\n%sip_address\n%s", wide, hidden, good);
    check(text, "192.168.64.7");
    check("", NULL);
    check("{ip_address=1.2.3.4", NULL);
    char unfinished[64];
    snprintf(unfinished, sizeof unfinished, "%.63s", good);
    check(unfinished, NULL);
}

TEST(the_file_is_a_second_source) {
    struct sightings sightings;
    char address[16] = "";
    const char *source = NULL;
    scoped(alloc_release) char *path = scratch_path("leases");
    scoped(alloc_release) char *text = block("192.168.64.7", "1,52:54:0:ab:cd:7", "0x0");
    CHECK(file_write(path, text, strlen(text), 0644, NULL));
    setenv("PGSUP_DHCPD_LEASES", path, 1);
    sightings_load(&sightings);
    CHECK(sightings_find(&sightings, "52:54:00:ab:cd:07", NULL, address, &source));
    CHECK_STRING(address, "192.168.64.7");
    CHECK_STRING(source, "lease");
    sightings_done(&sightings);
    struct interface_neighbour seen = {0xc0a84008, {0x52, 0x54, 0, 0xab, 0xcd, 7}, 1};
    struct sightings both = {&seen, 1, {0}, NOW};
    CHECK(sightings_find(&both, "52:54:00:ab:cd:07", NULL, address, &source));
    CHECK_STRING(address, "192.168.64.8");
    CHECK_STRING(source, "neighbour");
    unlink(path);
}

int main(void) {
    return test_run();
}
