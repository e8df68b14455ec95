#include "daemon/share.h"

#include <stddef.h>

static unsigned *group_of(struct share_list *list, const struct share *share) {
    uint64_t owner = share->instance ? (uint64_t)share->instance : share->address;
    return &list->groups[(owner ^ owner >> 24) % SHARE_GROUPS];
}

void share_add(struct share_list *list, struct share *share) {
    share->before = NULL;
    share->next = list->first;
    if (list->first)
        list->first->before = share;
    list->first = share;
    list->count++;
    ++*group_of(list, share);
}

void share_remove(struct share_list *list, struct share *share) {
    if (share->before)
        share->before->next = share->next;
    else
        list->first = share->next;
    if (share->next)
        share->next->before = share->before;
    list->count--;
    --*group_of(list, share);
}

static bool is_same_owner(const struct share *one, const struct share *other) {
    return one->instance == other->instance &&
           (one->instance != 0 || one->address == other->address);
}

/* How many the owner has, and the oldest of them. */
static unsigned count_of(const struct share_list *list, const struct share *of,
                         struct share **oldest) {
    unsigned count = 0;
    for (struct share *share = list->first; share; share = share->next) {
        if (share->surplus || !is_same_owner(share, of))
            continue;
        count++;
        *oldest = share;
    }
    return count;
}

struct share *share_surplus(struct share_list *list, const struct share *of) {
    struct share *oldest = NULL;
    if (*group_of(list, of) <= SHARE_LIMIT)
        return NULL;
    return count_of(list, of, &oldest) > SHARE_LIMIT ? oldest : NULL;
}

static struct share *oldest_without_token(const struct share_list *list) {
    struct share *oldest = NULL;
    for (struct share *share = list->first; share; share = share->next)
        if (!share->instance)
            oldest = share;
    return oldest;
}

struct share *share_victim(const struct share_list *list) {
    struct share *victim = oldest_without_token(list);
    unsigned most = 0;
    for (struct share *share = victim ? NULL : list->first; share; share = share->next) {
        struct share *oldest = NULL;
        unsigned count = count_of(list, share, &oldest);
        if (count > most) {
            most = count;
            victim = oldest;
        }
    }
    return victim;
}
