/* A change to the definition of an instance that exists, all or nothing, whether it runs or not:
 * its rows and the files that are made of them. What runs keeps what it was started with. */
#pragma once

#include "base/error.h"
#include "home/facts.h"
#include "home/home.h"

struct home_edit {
    struct home *home;
    const char *instance; /* its name */
    char *notice; /* of the last change that had one: what its user is to be told; caller frees */
};

struct home_edit_change {
    /* In a transaction, with the facts as they are; the files are written anew after it. */
    bool (*apply)(struct home *home, struct instance_facts *facts, void *context,
                  struct error *error);
    /* Takes back what apply() did outside of the store, when it or anything after it failed; NULL:
     * nothing. */
    void (*undo)(const struct home *home, void *context);
    void *context; /* of these two */
};

bool home_edit(struct home_edit *edit, const struct home_edit_change *change, struct error *error);
