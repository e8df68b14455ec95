/* Changes the definition of an existing instance, all or nothing: its rows and the files
 * generated from them. A running VM keeps what it was started with. */
#pragma once

#include "base/error.h"
#include "home/facts.h"
#include "home/home.h"

struct home_edit {
    struct home *home;
    const char *instance; /* its name */
    bool rehearses;       /* in the caller's transaction, who rolls it back: rows only, no files */
    char *notice; /* of the last change that had one: what its user is to be told; caller frees */
};

struct home_edit_change {
    /* Runs in a transaction, with the current facts. The files are regenerated after it. */
    bool (*apply)(struct home *home, struct instance_facts *facts, void *context,
                  struct error *error);
    /* Undoes what apply() did outside of the store, when it or a later step failed; NULL:
     * nothing. */
    void (*undo)(const struct home *home, void *context);
    void *context; /* of these two */
};

bool home_edit(struct home_edit *edit, const struct home_edit_change *change, struct error *error);
