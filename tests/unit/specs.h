/* The specs that golden files exist for. */
#pragma once

#include "machine/core/spec.h"

struct spec_case {
    const char *name; /* of the golden files */
    const char *run_folder;
    struct spec spec;
};

extern const struct spec_case spec_cases[];
extern const size_t spec_case_count;

const struct spec_case *spec_case_find(const char *name);
