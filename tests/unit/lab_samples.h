/* Lab files, and a home that they are planned for and carried out in. */
#pragma once

#include "cloud_home.h"
#include "home/lab/lab_file.h"
#include "home/lab/lab_plan_make.h"
#include "home/lab/lab_work.h"
#include "store/network_table.h"

static struct error error;

static struct home home;

static inline bool make_plan(const char *text, enum lab_prune prune, struct lab *lab,
                             struct lab_plan *plan) {
    error = (struct error){0};
    return lab_file_parse("lab.yaml", text, strlen(text), lab, &error) &&
           lab_plan_make(&home, lab, prune, plan, &error);
}

/* The steps, a line for each. */
static inline void expect_plan(const char *text, enum lab_prune prune, const char *expected) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    scoped(buffer_done) struct buffer steps = {0};
    CHECK(make_plan(text, prune, &lab, &plan));
    CHECK_STRING(error.text, "");
    for (size_t i = 0; i < plan.count; i++)
        buffer_printf(&steps, "%s %s: %s\n", lab_step_word(plan.steps[i].kind), plan.steps[i].name,
                      plan.steps[i].detail);
    CHECK_STRING(steps.data ? steps.data : "", expected);
    lab_plan_done(&plan);
    lab_done(&lab);
}

static inline void carry_out(const char *text, enum lab_prune prune) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    CHECK(make_plan(text, prune, &lab, &plan));
    const struct lab_work work = {.home = &home, .lab = &lab, .plan = &plan};
    check_good(lab_work_do(&work, &error), &error);
    lab_plan_done(&plan);
    lab_done(&lab);
}

static inline void refuse_plan(const char *text, const char *sentence) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    struct store_networks networks = {0};
    CHECK(!make_plan(text, LAB_KEEP, &lab, &plan));
    CHECK_CONTAINS(error.text, sentence);
    CHECK_INT(error_exit_status(error.code), 2);
    error = (struct error){0};
    check_good(network_table_list(home.store, &networks, &error), &error);
    CHECK_INT(networks.count, 0);
    store_networks_done(&networks);
    lab_plan_done(&plan);
    lab_done(&lab);
}

#define LAB        "networks:\n  lab: {kind: multicast}\n  tiny: {kind: multicast, subnet: 10.78.0.0/29}\n"
#define BASE       "image: base, size: 64M"
#define BASE_LINES "image: base\n    size: 64M\n"

#define TWO                                                                                        \
    LAB "instances:\n  a: {" BASE ", nics: [user, lab], vars: {x: y}, groups: [g]}\n"              \
        "  b: {" BASE ", vcpu: 1, nics: [lab], after: a, disks: {data: 8M}}\n"

static inline void refuse_change(const char *text, const char *sentence) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    CHECK(!make_plan(text, LAB_KEEP, &lab, &plan));
    CHECK_CONTAINS(error.text, sentence);
    CHECK_INT(error_exit_status(error.code), 2);
    error = (struct error){0};
    lab_done(&lab);
    expect_plan(TWO, LAB_KEEP, "");
}

static struct buffer told;

static inline void on_notice(const char *instance, const char *sentence, void *context) {
    (void)context;
    buffer_printf(&told, "%s: %s\n", instance, sentence);
}
