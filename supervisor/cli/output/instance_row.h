/* An instance as every command shows it: what is defined, what it does now, where it is reached.
 * One shape in `list`, `info`, `instance list` and `instance get`, with and without a supervisor;
 * the keys of its JSON are documented in the topic "json". Pure. */
#pragma once

#include "cli/output/instance_output.h"
#include "home/access/endpoint.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct vm_now {                 /* texts are borrowed from whoever told it: cli/link/vm_status.h */
    const char *state, *reason; /* reason NULL: there is none */
    int64_t pid;                /* 0: it has no process */
    int64_t uptime_ms;          /* of its process; UPTIME_NONE: it has none, or nobody knows */
    int64_t since_ms;           /* wall, of its state; 0: not known */
    bool supervised;
    const json_t *told; /* by the supervisor, with what only that knows; NULL: nothing */
};
#define UPTIME_NONE (-1)

struct instance_row {
    const struct store_instance *instance; /* borrowed */
    struct vm_now now;
    struct endpoint endpoint;
};

/* "address", "port", "address_source" and "address_since". */
void instance_row_endpoint(json_t *object, const struct endpoint *endpoint);
json_t *instance_row_object(const struct instance_row *row, const struct instance_output *output);
