/* Who holds the connections of the seed server, and which one goes when there are too many. Pure.
 *
 * A connection belongs to the instance whose token it has shown, until then to the address that it
 * came from. An owner has at most SHARE_LIMIT; when all places are taken, those that have shown no
 * token go first, the oldest before the others, so that a newcomer always gets in.
 *
 * The list is newest first; it borrows its items, whose owner adds and removes them. The owner of a
 * connection changes only while it is not in the list. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SHARE_LIMIT  16u
#define SHARE_GROUPS 256u

struct share {
    struct share *next, *before;
    int64_t instance; /* 0: has shown no known token */
    uint32_t address;
    uint64_t since_ms; /* when it became its owner's */
    bool surplus;      /* is given up and does not count any more */
};

struct share_list {
    struct share *first;
    unsigned count;
    unsigned groups[SHARE_GROUPS]; /* how many, of the owners that have this number */
};

void share_add(struct share_list *list, struct share *share);
void share_remove(struct share_list *list, struct share *share);
/* The oldest connection of the owner of this one, if that owner has more than SHARE_LIMIT; NULL. */
struct share *share_surplus(struct share_list *list, const struct share *of);
/* The one that goes for a newcomer: the oldest without a token, otherwise the oldest of the
 * instance that has most; NULL when there is none. */
struct share *share_victim(const struct share_list *list);
