/* A home with one instance, whose launch is made ready. */
#pragma once

#include "cloud_home.h"
#include "home/facts.h"
#include "home/instance/definition.h"
#include "home/instance/prepare.h"
#include "test.h"

static struct home home;
static bool bridged;
static struct store_instance instance; /* "test", once it is made */
static struct instance_plan plan;      /* of its launch, as it was prepared last */

static inline void open_home(const char *name, bool with_bridge) {
    bridged = with_bridge;
    struct cloud_options options = bridged ? bridged_options() : user_options();
    make_home(name, &options, &home);
}

static inline void make(const char *ip4, const char *seed) {
    struct instance_create_options options = {
        .name = "test", .image = "base", .ram = "64", .disk = "64M", .ip4 = ip4, .seed = seed};
    if (!bridged)
        options.ssh_port = free_port();
    make_instance(&home, &options, &instance);
}

static inline void prepare(void) {
    struct instance_facts facts = {0};
    struct error error = {0};
    instance_plan_done(&plan);
    check_good(instance_prepare(&home, "test", &facts, &plan, &error), &error);
    instance_facts_done(&facts);
}

static inline void close_home(void) {
    instance_plan_done(&plan);
    store_instance_done(&instance);
    home_close(&home);
}

static inline void check_refused(const char *name, enum error_code code, const char *says) {
    struct instance_facts facts = {0};
    struct instance_plan none = {0};
    struct error error = {0};
    CHECK(!instance_prepare(&home, name, &facts, &none, &error));
    instance_facts_done(&facts);
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, says);
    CHECK(!none.folder && !none.owned);
}

static inline void append(const char *folder, const char *name, const char *text) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, name);
    FILE *file = fopen(path, "a");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static inline char *on_drive(const char *folder, const char *document) { /* caller frees */
    scoped(alloc_release) char *image = alloc_printf("%s/cloud-init.img", folder);
    scoped(alloc_release) char *file = alloc_printf("::%s", document);
    char *argv[] = {"mtype", "-i", image, file, NULL};
    return run_output(argv);
}

static inline bool is_there(const char *folder, const char *name) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, name);
    return file_exists(path);
}
