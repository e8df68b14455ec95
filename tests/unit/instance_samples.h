/* A home to make instances in, and what makes them cheaply. */
#pragma once

#include "cloud_home.h"
#include "home/change/create.h"
#include "test.h"

static struct home home;

static inline void open_user(const char *name) {
    struct cloud_options options = user_options();
    make_home(name, &options, &home);
}

/* Options that cost little: no host keys are made. */
static inline struct instance_create_options small(const char *name) {
    return (struct instance_create_options){
        .name = name, .image = "base", .ram = "64", .disk = "64M", .host_keys = "guest"};
}

static inline void make(const char *name, const char *ip4, struct store_instance *made) {
    struct instance_create_options options = small(name);
    options.ip4 = ip4;
    make_instance(&home, &options, made);
}

static inline void check_refusal(const struct instance_create_options *options,
                                 enum error_code code, const char *says) {
    struct store_instance made = {0};
    struct error error = {0};
    CHECK(!instance_create(&home, options, &made, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, says);
    CHECK(!made.name);
}
