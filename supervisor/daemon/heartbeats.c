#include "heartbeats.h"

void heartbeats_look(struct heartbeats *heartbeats, struct vm *const *vms, size_t count,
                     bool (*ask)(struct vm *vm)) {
    size_t asked = 0;
    for (size_t i = 0; i < count && asked < HEARTBEATS_LIMIT; i++)
        asked += ask(vms[heartbeats->next++ % count]);
    heartbeats->next = count ? heartbeats->next % count : 0;
}
