#include "home/lab/lab_order.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const char *after_of(const struct lab_instance *instance) {
    return lab_text(&instance->values[LAB_AFTER]);
}

struct order {     /* by the instances in the order of the file */
    size_t *after; /* index of the one that it comes after; the count of all: none in the file */
    size_t *depth; /* how many must be there before it */
};

static size_t find_instance(const struct lab *lab, const char *name) {
    size_t i = 0;
    while (i < lab->instance_count && (!name || strcmp(lab->instances[i].name, name) != 0))
        i++;
    return i;
}

/* False: there is a circle. */
static bool find_depth(const struct lab *lab, struct order *order, size_t index) {
    size_t count = lab->instance_count, depth = 0;
    for (size_t i = order->after[index]; i != count && depth <= count; i = order->after[i])
        depth++;
    order->depth[index] = depth;
    return depth <= count;
}

static bool find_depths(const struct lab *lab, struct order *order, struct error *error) {
    for (size_t i = 0; i < lab->instance_count; i++)
        order->after[i] = find_instance(lab, after_of(&lab->instances[i]));
    for (size_t i = 0; i < lab->instance_count; i++) {
        if (find_depth(lab, order, i))
            continue;
        error_set(error, ERROR_INVALID,
                  "\"%s\" comes after \"%s\", which comes after itself: break the circle",
                  lab->instances[i].name, after_of(&lab->instances[i]));
        return lab_fail_at(lab, lab->instances[i].values[LAB_AFTER].place, error);
    }
    return true;
}

/* Those of equal depth stay in the order of the file. */
static void sort_by_depth(struct lab *lab, const struct order *order) {
    struct lab_instance *sorted = alloc_zero((lab->instance_count + 1) * sizeof *sorted);
    size_t count = 0;
    for (size_t depth = 0; count < lab->instance_count; depth++)
        for (size_t i = 0; i < lab->instance_count; i++)
            if (order->depth[i] == depth)
                sorted[count++] = lab->instances[i];
    free(lab->instances);
    lab->instances = sorted;
}

bool lab_order_sort(struct lab *lab, struct error *error) {
    struct order order = {alloc_zero((lab->instance_count + 1) * sizeof *order.after),
                          alloc_zero((lab->instance_count + 1) * sizeof *order.depth)};
    bool good = find_depths(lab, &order, error);
    if (good)
        sort_by_depth(lab, &order);
    free(order.after);
    free(order.depth);
    return good;
}
