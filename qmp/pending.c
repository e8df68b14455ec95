#include "pending.h"

#include <stdlib.h>
#include <string.h>

void pending_list_init(struct pending_list *list) {
    *list = (struct pending_list){.last = &list->first};
}

void pending_push(struct pending_list *list, struct pending *pending) {
    pending->next = NULL;
    *list->last = pending;
    list->last = &pending->next;
    list->count++;
}

struct pending *pending_take(struct pending_list *list, struct pending **slot) {
    struct pending *pending = *slot;
    *slot = pending->next;
    if (list->last == &pending->next)
        list->last = slot;
    list->count--;
    return pending;
}

struct pending *pending_take_id(struct pending_list *list, uint64_t id) {
    struct pending **slot = &list->first;
    while (*slot && (*slot)->id < id)
        slot = &(*slot)->next;
    return *slot && (*slot)->id == id ? pending_take(list, slot) : NULL;
}

struct pending *pending_take_first(struct pending_list *list) {
    return list->first ? pending_take(list, &list->first) : NULL;
}

void pending_free(struct pending *pending) {
    if (!pending)
        return;
    json_decref(pending->arguments);
    free(pending->command);
    free(pending);
}

void pending_list_done(struct pending_list *list) {
    while (list->first)
        pending_free(pending_take_first(list));
}

static void late_drop(struct pending_late *late, unsigned index) {
    late->count--;
    memmove(late->ids + index, late->ids + index + 1, (late->count - index) * sizeof *late->ids);
}

void pending_late_add(struct pending_late *late, uint64_t id) {
    if (late->count == PENDING_LATE_LIMIT) {
        if (late->ids[0] > late->floor)
            late->floor = late->ids[0];
        late_drop(late, 0);
    }
    late->ids[late->count++] = id;
}

bool pending_late_take(struct pending_late *late, uint64_t id) {
    for (unsigned i = 0; i < late->count; i++)
        if (late->ids[i] == id) {
            late_drop(late, i);
            return true;
        }
    return id > 0 && id <= late->floor;
}

bool pending_late_any(const struct pending_late *late) {
    return late->count > 0 || late->floor > 0;
}
