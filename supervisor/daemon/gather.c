#include "daemon/gather.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Of one source within an interval: how often the same text passes, and how many texts. What guests
 * and strangers ask for is the same again and again; what QEMU and cloud-init say has its sense in
 * its order, so that only floods are gathered. */
static const struct {
    unsigned same, texts;
} bounds[STORE_EVENT_KIND_COUNT] = {
    [STORE_EVENT_SEED] = {1, 16},    [STORE_EVENT_PHONE_HOME] = {1, 8},
    [STORE_EVENT_HOST_KEY] = {1, 8}, [STORE_EVENT_CLOUD_INIT] = {8, 64},
    [STORE_EVENT_STATE] = {32, 32},  [STORE_EVENT_REASON] = {32, 32},
    [STORE_EVENT_PHASE] = {32, 32},  [STORE_EVENT_NOTICE] = {8, 32},
    [STORE_EVENT_QMP] = {32, 64},    [STORE_EVENT_JOB] = {32, 64},
    [STORE_EVENT_DISK] = {8, 32},    [STORE_EVENT_NETWORK] = {8, 32},
    [STORE_EVENT_AGENT] = {8, 32},   [STORE_EVENT_SNAPSHOT] = {8, 32},
};

struct entry {
    int64_t instance;
    enum store_event_kind kind;
    uint32_t hash; /* of peer and text */
    char *peer, *text, *said;
    bool others;              /* its text stands for all that there is no place for */
    unsigned passed, counted; /* in this interval */
};

struct gather {
    struct entry entries[GATHER_LIMIT + STORE_EVENT_KIND_COUNT];
    unsigned count;
};

struct gather *gather_new(void) {
    return alloc_zero(sizeof(struct gather));
}

static void entry_done(struct entry *entry) {
    free(entry->peer);
    free(entry->text);
    free(entry->said);
}

void gather_free(struct gather *gather) {
    if (!gather)
        return;
    for (unsigned i = 0; i < gather->count; i++)
        entry_done(&gather->entries[i]);
    free(gather);
}

static uint32_t hash_text(uint32_t hash, const char *text) { /* FNV-1a */
    for (; text && *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
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
    for (unsigned i = 0; i < gather->count; i++) {
        struct entry *entry = &gather->entries[i];
        if (entry->hash == hash && entry->others == !text && is_source(entry, message) &&
            (!text || same_text(entry->text, text)))
            return entry;
    }
    return NULL;
}

static struct entry *add(struct gather *gather, const struct gather_message *message,
                         const char *text) {
    struct entry *entry = &gather->entries[gather->count++];
    *entry = (struct entry){
        .instance = message->instance,
        .kind = message->kind,
        .hash = hash_text(hash_text(2166136261u, message->peer), text),
        .peer = message->peer ? alloc_string(message->peer) : NULL,
        .text = text ? alloc_string(text) : NULL,
        .said = message->said ? alloc_string(message->said) : NULL,
        .others = !text,
    };
    return entry;
}

static unsigned texts_of(const struct gather *gather, const struct gather_message *message) {
    unsigned count = 0;
    for (unsigned i = 0; i < gather->count; i++)
        count += !gather->entries[i].others && is_source(&gather->entries[i], message);
    return count;
}

/* When there is no place for another source either, one entry of each kind is for all sources. */
static struct entry *find_others(struct gather *gather, const struct gather_message *message) {
    const struct gather_message anybody = {
        .kind = message->kind, .peer = "others", .said = message->said ? "" : NULL};
    struct entry *entry = find(gather, message, NULL);
    if (entry)
        return entry;
    if (gather->count < GATHER_LIMIT)
        return add(gather, message, NULL);
    entry = find(gather, &anybody, NULL);
    return entry ? entry : add(gather, &anybody, NULL);
}

static unsigned bound(unsigned given) {
    return given ? given : 32;
}

bool gather_take(struct gather *gather, const struct gather_message *message) {
    struct entry *entry = find(gather, message, message->text);
    if (!entry && gather->count < GATHER_LIMIT &&
        texts_of(gather, message) < bound(bounds[message->kind].texts))
        entry = add(gather, message, message->text);
    if (entry && entry->passed < bound(bounds[message->kind].same)) {
        entry->passed++;
        return true;
    }
    entry = entry ? entry : find_others(gather, message);
    entry->counted++;
    return false;
}

static void tell_counted(const struct entry *entry, gather_tell *tell, void *context) {
    const char *plural = entry->counted == 1 ? "" : "s";
    scoped(alloc_release) char *text =
        !entry->others ? alloc_printf("%s (%u more time%s)", entry->text, entry->counted, plural)
        : entry->peer  ? alloc_printf("%u more from %s", entry->counted, entry->peer)
                       : alloc_printf("%u more of such", entry->counted);
    tell(context,
         &(struct gather_message){entry->instance, entry->kind, entry->peer, text, entry->said});
}

static void drop(struct gather *gather, unsigned index) {
    entry_done(&gather->entries[index]);
    gather->entries[index] = gather->entries[--gather->count];
}

/* An entry that had to count stays: until it is quiet for an interval, all is counted. */
bool gather_flush(struct gather *gather, gather_tell *tell, void *context) {
    for (unsigned i = gather->count; i-- > 0;) {
        struct entry *entry = &gather->entries[i];
        if (entry->counted == 0) {
            drop(gather, i);
            continue;
        }
        tell_counted(entry, tell, context);
        entry->counted = 0;
    }
    return gather->count > 0;
}

void gather_forget(struct gather *gather, int64_t instance, gather_tell *tell, void *context) {
    for (unsigned i = gather->count; i-- > 0;) {
        struct entry *entry = &gather->entries[i];
        if (entry->instance != instance)
            continue;
        if (entry->counted)
            tell_counted(entry, tell, context);
        drop(gather, i);
    }
}
