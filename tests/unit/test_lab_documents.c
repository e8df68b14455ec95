/* Documents of cloud-init in a lab file, and what is told of them and of a change. */
#include "lab_samples.h"
#include "store/launch_table.h"

/* Says that each document is old, if it can write to the store meanwhile; counts how often. */
static void fake_cloud_init(void) {
    static const char text[] =
        "#!/usr/bin/env python3\nimport os, sqlite3\n"
        "open(os.environ['ASKED'], 'a').write('x')\n"
        "store = sqlite3.connect(os.environ['STORE'], timeout=0.1, isolation_level=None)\n"
        "store.execute('BEGIN IMMEDIATE')\nstore.execute('ROLLBACK')\n"
        "print('schema deprecations: it is old')\n";
    scoped(alloc_release) char *folder = scratch_path("bin");
    scoped(alloc_release) char *program = scratch_path("bin/cloud-init");
    scoped(alloc_release) char *store = home_file(&home, HOME_DATABASE);
    scoped(alloc_release) char *asked = scratch_path("asked");
    scoped(alloc_release) char *path = alloc_printf("%s:%s", folder, getenv("PATH"));
    mkdir(folder, 0700);
    scratch_write(program, text, sizeof text - 1, 0755);
    setenv("STORE", store, 1);
    setenv("ASKED", asked, 1);
    setenv("PATH", path, 1);
}

/* The remarks of the plan, then what is told while it is carried out. */
static void expect_told(const char *text, const char *first, const char *second) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    buffer_clear(&told);
    CHECK(make_plan(text, LAB_KEEP, &lab, &plan));
    CHECK_STRING(error.text, "");
    for (size_t i = 0; i < plan.asked.remarks.count; i++)
        buffer_printf(&told, "%s\n", plan.asked.remarks.items[i]);
    const struct lab_work work = {.home = &home, .lab = &lab, .plan = &plan, .notice = on_notice};
    check_good(lab_work_do(&work, &error), &error);
    CHECK_CONTAINS(told.data ? told.data : "", first);
    CHECK_CONTAINS(told.data ? told.data : "", second);
    lab_plan_done(&plan);
    lab_done(&lab);
}

static void add_launch(const char *name) {
    struct store_instance instance = {0};
    struct store_launch launch = {0};
    check_good(instance_table_get(home.store, name, &instance, &error), &error);
    check_good(launch_table_add(home.store, instance.id, &launch, &error), &error);
    store_launch_done(&launch);
    store_instance_done(&instance);
}

#define NEWER "\"#cloud-config\\nlocale: D\\n\""
#define NET   "\"version: 2\\nethernets: {a: {match: {name: 'e*'}, dhcp4: true}}\\n\""
#define OLD   "\"#cloud-config\\nlocale: C\\n\""

TEST(documents_are_judged_once_while_others_can_write) {
    const struct cloud_options cloud = user_options();
    make_home("documents", &cloud, &home);
    fake_cloud_init();
    refuse_plan("instances: {a: {" BASE ", user-data: \"#cloud-config\\ngroups: [ansible]\\n\"}}\n",
                "lab.yaml:1:52: user-data: ");
    unlink(getenv("ASKED"));
    expect_told("instances: {'a{1..3}': {" BASE ", user-data: " OLD "}}\n",
                "user-data: `cloud-init schema` reports: it is old\n", "");
    scoped(alloc_release) char *asked = read_text(scratch(), "asked");
    CHECK_STRING(asked, "x");
    scoped(alloc_release) char *script = home_file(&home, HOME_INSTANCES "/a1/vm.sh");
    scratch_write(script, "#!/bin/sh\n", strlen("#!/bin/sh\n"), 0700);
    expect_told("instances: {a1: {vcpu: 3, vendor-data: " OLD "}}\n",
                "vendor-data: `cloud-init schema` reports: it is old\n", "a1: ");
    CHECK_CONTAINS(told.data, "vm.sh.new");
    CHECK(!strstr(told.data, "cloud-init runs again"));
    add_launch("a1");
    expect_told("instances: {a1: {vendor-data: " NEWER "}}\n", "a1: its guest reads its documents",
                "pgsup instance set a1 --rerun-cloud-init");
    expect_plan("instances: {a1: {vcpu: 3, vendor-data: " OLD "}}\n", LAB_KEEP,
                "change a1: vendor-data\n");
    scoped(alloc_release) char *image = scratch_path("base-arm64.qcow2");
    scoped(alloc_release) char *over_http = alloc_printf(
        "images: {old: {file: %s, arch: aarch64, seed-source: nocloud}}\n"
        "instances: {b: {image: old, size: 64M, seed: http, network-config: " NET "}}\n",
        image);
    expect_told(over_http, "b: network-config: over HTTP only cloud-init 24.3 and later fetches it",
                "");
    buffer_done(&told);
    home_close(&home);
}

int main(void) {
    return test_run();
}
