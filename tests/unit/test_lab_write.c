/* The way from a home to a lab file again. */
#include "home/lab/lab_write.h"
#include "lab_samples.h"
#include "store/disk_table.h"

static void export_all(struct buffer *text) {
    static char *const all[] = {NULL};
    check_good(lab_write(&home, all, text, &error), &error);
}

/* Whatever can be said of an instance: it is exported, and makes the same in another home. */
TEST(what_is_exported_makes_the_same_again) {
    const struct cloud_options cloud = user_options();
    scoped(alloc_release) char *folder = scratch_path("backups");
    scoped(buffer_done) struct buffer first = {0}, second = {0}, said = {0};
    mkdir(folder, 0700);
    buffer_printf(&said,
                  LAB "instances:\n  plain: {" BASE ", nics: [], network-config: %s}\n"
                      "  line: {" BASE ", nics: [], network-config: %s}\n"
                      "  most:\n    " BASE_LINES "    vcpu: 1\n    ram: 256M\n    nested: true\n"
                      "    package-upgrade: true\n    seed: both\n    accel: tcg\n"
                      "    nics: [user, lab, 'tiny,ip=10.78.0.5,mac=52:54:99:01:02:03', user]\n"
                      "    disks: {data: 8M, 'more': 16M}\n    restart: always\n    after: plain\n"
                      "    groups: [a, b]\n    vars: {x: 'it: {is} \"q\" #1', y: ' sp', z: ''}\n"
                      "    provision: false\n    snapshot-every: 1h\n    snapshot-keep: 3\n"
                      "    backup-to: %s\n    backup-every: 12h\n    backup-keep: 2\n"
                      "    user-data: \"#!/bin/sh\\n\\techo 'x: $X'  \\r\\n\\n  # \\xFC\\n\\n\"\n"
                      "    vendor-data: '#include http://192.0.2.1/x'\n"
                      "    network-config: |\n      version: 2\n      ethernets:\n"
                      "        all: {match: {name: 'en*'}, dhcp4: true}\n",
                  "' {version: 2, ethernets: {all: {match: {name: ''en*''}, dhcp4: true}}} '",
                  "'network: {version: 2, ethernets: {e0: {dhcp4: true}}}'", folder);
    make_home("exported", &cloud, &home);
    carry_out(said.data, LAB_KEEP);
    expect_plan(said.data, LAB_PRUNE_OTHERS, "");
    export_all(&first);
    expect_plan(first.data, LAB_PRUNE_OTHERS, "");
    for (int i = 0; i < LAB_KEY_COUNT; i++) { /* but those of other networks, and ports */
        scoped(alloc_release) char *key = alloc_printf("    %s:", lab_keys[i].name);
        CHECK(strstr(first.data, key) || i == LAB_IP || i == LAB_SSH_PORT || i == LAB_FORWARDS ||
              i == LAB_HOST_KEYS);
    }
    home_close(&home);
    make_home("again", &cloud, &home);
    carry_out(first.data, LAB_KEEP);
    export_all(&second);
    CHECK_STRING(second.data, first.data);
    carry_out("instances: {most: {backup-to: '', snapshot-every: '', nics: [], provision: true}}\n",
              LAB_KEEP);
    buffer_clear(&second);
    export_all(&second);
    CHECK(!strstr(second.data, "backup-to") && !strstr(second.data, "snapshot-every"));
    carry_out(first.data, LAB_KEEP);
    buffer_clear(&second);
    export_all(&second);
    CHECK_STRING(second.data, first.data);
    home_close(&home);
}

/* A disk of "10" was one of a sector, when that was no mistake yet. */
TEST(a_disk_that_could_not_be_made_now_is_compared) {
    const struct cloud_options cloud = user_options();
    struct store_disks disks = {0};
    scoped(buffer_done) struct buffer text = {0};
    make_home("small", &cloud, &home);
    carry_out("instances: {a: {" BASE ", disks: {data: 8M}}}\n", LAB_KEEP);
    check_good(disk_table_list(home.store, 0, &disks, &error), &error);
    CHECK_INT(disks.count, 1);
    disks.items[0].bytes = 512;
    check_good(disk_table_resize(home.store, &disks.items[0], &error), &error);
    store_disks_done(&disks);
    export_all(&text);
    CHECK_CONTAINS(text.data, "data: \"512\"");
    expect_plan(text.data, LAB_PRUNE_OTHERS, "");
    home_close(&home);
}

int main(void) {
    return test_run();
}
