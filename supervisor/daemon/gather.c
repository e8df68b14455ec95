#include "daemon/gather.h"

#include "base/alloc.h"
#include "base/name.h"

#include <stdlib.h>
#include <string.h>

/* Of one source within an interval: how often the same text passes, and how many texts. What guests
 * and strangers ask for is the same again and again; what QEMU and cloud-init say has its sense in
 * its order, so that only floods are gathered. What somebody may wait for is told promptly. */
static const struct {
    unsigned same, texts;
    bool prompt;
} bounds[STORE_EVENT_KIND_COUNT] = {
    [STORE_EVENT_SEED] = {1, 16, false},    [STORE_EVENT_PHONE_HOME] = {1, 8, false},
    [STORE_EVENT_HOST_KEY] = {1, 8, false}, [STORE_EVENT_CLOUD_INIT] = {8, 64, false},
    [STORE_EVENT_STATE] = {128, 32, true},  [STORE_EVENT_REASON] = {128, 32, true},
    [STORE_EVENT_PHASE] = {128, 32, true},  [STORE_EVENT_NOTICE] = {8, 32, true},
    [STORE_EVENT_QMP] = {128, 64, true},    [STORE_EVENT_JOB] = {128, 64, true},
    [STORE_EVENT_DISK] = {8, 32, true},     [STORE_EVENT_NETWORK] = {8, 32, false},
    [STORE_EVENT_AGENT] = {8, 32, false},   [STORE_EVENT_SNAPSHOT] = {8, 32, true},
};

enum { CHAINS = 1024 };

struct entry {
    struct entry *next;
    int64_t instance;
    enum store_event_kind kind;
    uint32_t hash; /* of peer and text */
    char *peer, *text, *said;
    bool others;              /* its text stands for all that there is no place for */
    bool told;                /* what it counted in this interval was told promptly */
    unsigned passed, counted; /* in this interval */
};

/* The entries of an instance are in one chain, in the order in which they came; the first chain is
 * that of no instance. */
struct gather {
    struct entry *chains[CHAINS];
};

struct gather *gather_new(void) {
    return alloc_zero(sizeof(struct gather));
}

static void entry_free(struct entry *entry) {
    free(entry->peer);
    free(entry->text);
    free(entry->said);
    free(entry);
}

static void drop(struct entry **slot) {
    struct entry *entry = *slot;
    *slot = entry->next;
    entry_free(entry);
}

void gather_free(struct gather *gather) {
    for (unsigned i = 0; gather && i < CHAINS; i++)
        while (gather->chains[i])
            drop(&gather->chains[i]);
    free(gather);
}

static struct entry **chain_of(struct gather *gather, int64_t instance) {
    return &gather->chains[instance ? 1 + (uint64_t)instance % (CHAINS - 1) : 0];
}

/* FNV-1a of eight bytes at a time. */
static uint32_t hash_text(uint32_t from, const char *text) {
    uint64_t hash = from;
    for (size_t left = text ? strlen(text) : 0, taken; left > 0; left -= taken, text += taken) {
        uint64_t word = 0;
        taken = left < sizeof word ? left : sizeof word;
        memcpy(&word, text, taken);
        hash = (hash ^ word) * 1099511628211u;
    }
    return (uint32_t)(hash ^ hash >> 32);
}

static bool same_text(const char *one, const char *other) {
    return one == other || (one && other && strcmp(one, other) == 0);
}

static bool is_source(const struct entry *entry, const struct gather_message *message) {
    return entry->instance == message->instance && entry->kind == message->kind &&
           same_text(entry->peer, message->peer);
}

/* text NULL: the one for all others of the source. */
static struct entry *find(struct gather *gather, const struct gather_message *message,
                          const char *text) {
    uint32_t hash = hash_text(hash_text(2166136261u, message->peer), text);
    struct entry *entry = *chain_of(gather, message->instance);
    while (entry && !(entry->hash == hash && entry->others == !text && is_source(entry, message) &&
                      (!text || same_text(entry->text, text))))
        entry = entry->next;
    return entry;
}

static struct entry *add(struct gather *gather, const struct gather_message *message,
                         const char *text) {
    struct entry **slot = chain_of(gather, message->instance);
    while (*slot)
        slot = &(*slot)->next;
    *slot = alloc_zero(sizeof **slot);
    **slot = (struct entry){
        .instance = message->instance,
        .kind = message->kind,
        .hash = hash_text(hash_text(2166136261u, message->peer), text),
        .peer = message->peer ? alloc_string(message->peer) : NULL,
        .text = text ? alloc_string(text) : NULL,
        .said = message->said ? alloc_string(message->said) : NULL,
        .others = !text,
    };
    return *slot;
}

static unsigned bound(unsigned given) {
    return given ? given : 32;
}

static bool has_place(struct gather *gather, const struct gather_message *message) {
    unsigned count = 0;
    for (const struct entry *entry = *chain_of(gather, message->instance); entry;
         entry = entry->next)
        count += entry->instance == message->instance;
    return count < (message->instance ? GATHER_INSTANCE_LIMIT : GATHER_LIMIT);
}

static bool has_place_for_text(struct gather *gather, const struct gather_message *message) {
    unsigned texts = 0;
    for (const struct entry *entry = *chain_of(gather, message->instance); entry;
         entry = entry->next)
        texts += !entry->others && is_source(entry, message);
    return texts < bound(bounds[message->kind].texts) && has_place(gather, message);
}

/* When there is no place for another source either, one entry of each kind is for all sources. */
static struct entry *find_others(struct gather *gather, const struct gather_message *message) {
    const struct gather_message anybody = {.instance = message->instance,
                                           .kind = message->kind,
                                           .peer = "others",
                                           .said = message->said ? "" : NULL};
    struct entry *entry = find(gather, message, NULL);
    if (entry)
        return entry;
    if (has_place(gather, message))
        return add(gather, message, NULL);
    entry = find(gather, &anybody, NULL);
    return entry ? entry : add(gather, &anybody, NULL);
}

bool gather_take(struct gather *gather, const struct gather_message *message) {
    struct entry *entry = find(gather, message, message->text);
    if (!entry && has_place_for_text(gather, message))
        entry = add(gather, message, message->text);
    if (entry && entry->passed < bound(bounds[message->kind].same)) {
        entry->passed++;
        return true;
    }
    entry = entry ? entry : find_others(gather, message);
    entry->counted++;
    return false;
}

static void tell_counted(struct entry *entry, gather_tell *tell, void *context) {
    const char *plural = name_plural(entry->counted);
    scoped(alloc_release) char *text =
        !entry->others ? alloc_printf("%s (%u more time%s)", entry->text, entry->counted, plural)
        : entry->peer  ? alloc_printf("%u more from %s", entry->counted, entry->peer)
                       : alloc_printf("%u more of such", entry->counted);
    entry->counted = 0;
    tell(context,
         &(struct gather_message){entry->instance, entry->kind, entry->peer, text, entry->said});
}

bool gather_is_prompt(enum store_event_kind kind) {
    return bounds[kind].prompt;
}

void gather_tell_prompt(struct gather *gather, gather_tell *tell, void *context) {
    for (unsigned i = 0; i < CHAINS; i++) {
        for (struct entry *entry = gather->chains[i]; entry; entry = entry->next) {
            if (!entry->counted || !bounds[entry->kind].prompt)
                continue;
            tell_counted(entry, tell, context);
            entry->told = true;
        }
    }
}

/* An entry that had to count stays: until it is quiet for an interval, all is counted. */
static void flush_chain(struct entry **slot, gather_tell *tell, void *context) {
    while (*slot) {
        struct entry *entry = *slot;
        if (!entry->counted && !entry->told) {
            drop(slot);
            continue;
        }
        if (entry->counted)
            tell_counted(entry, tell, context);
        entry->told = false;
        slot = &entry->next;
    }
}

bool gather_flush(struct gather *gather, gather_tell *tell, void *context) {
    bool more = false;
    for (unsigned i = 0; i < CHAINS; i++) {
        flush_chain(&gather->chains[i], tell, context);
        more = more || gather->chains[i];
    }
    return more;
}

void gather_forget(struct gather *gather, int64_t instance, gather_tell *tell, void *context) {
    struct entry **slot = chain_of(gather, instance);
    while (*slot) {
        struct entry *entry = *slot;
        if (entry->instance != instance) {
            slot = &entry->next;
            continue;
        }
        if (entry->counted)
            tell_counted(entry, tell, context);
        drop(slot);
    }
}
