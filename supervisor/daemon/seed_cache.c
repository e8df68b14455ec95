#include "daemon/seed_cache.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/platform.h"
#include "base/secret.h"
#include "home/layout.h"
#include "home/seed/seed.h"
#include "store/commits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SLOTS = 4096, /* few of a thousand tokens share one */
    DOCUMENTS = SEED_DOCUMENT_COUNT,
    CONTENT_LIMIT_BYTES = 8 << 20, /* of all documents, but for the last one */
    SETTLED_MS = 2500,             /* more than any file system's unit of time */
};

struct copy {
    bool known;
    char *path;
    struct stat file;
    struct buffer content;
};

struct seed_entry {
    char *token;
    struct store_instance instance;
    uint64_t revision; /* of the cache, when that was looked up */
    struct copy copies[DOCUMENTS];
};

struct seed_cache {
    struct home *home;
    const struct recorder *recorder;
    bool used;      /* a slot is */
    int64_t now_ms; /* when this turn began */
    int64_t connected_ms;
    bool counted; /* commits are known */
    uint32_t commits;
    uint64_t revision; /* another one after a commit that may have changed an instance */
    size_t bytes;
    struct seed_entry *slots[SLOTS];
};

struct seed_cache *seed_cache_new(struct home *home, const struct recorder *recorder) {
    struct seed_cache *cache = alloc_zero(sizeof *cache);
    cache->home = home;
    cache->recorder = recorder;
    cache->revision = 1;
    return cache;
}

static void drop_copy(struct seed_cache *cache, struct copy *copy) {
    cache->bytes -= copy->content.length;
    buffer_done(&copy->content);
    copy->known = false;
}

static void drop_entry(struct seed_cache *cache, struct seed_entry **slot) {
    struct seed_entry *entry = *slot;
    *slot = NULL;
    if (!entry)
        return;
    for (size_t i = 0; i < DOCUMENTS; i++) {
        drop_copy(cache, &entry->copies[i]);
        free(entry->copies[i].path);
    }
    store_instance_done(&entry->instance);
    free(entry->token);
    free(entry);
}

static void drop_copies(struct seed_cache *cache) {
    for (size_t i = 0; i < SLOTS; i++)
        for (size_t n = 0; cache->slots[i] && n < DOCUMENTS; n++)
            drop_copy(cache, &cache->slots[i]->copies[n]);
}

static void clear(struct seed_cache *cache) {
    for (size_t i = 0; i < SLOTS; i++)
        drop_entry(cache, &cache->slots[i]);
    cache->used = false;
}

void seed_cache_free(struct seed_cache *cache) {
    if (!cache)
        return;
    clear(cache);
    free(cache);
}

void seed_cache_turn(struct seed_cache *cache, int64_t now_ms, bool connected) {
    cache->now_ms = now_ms;
    if (connected)
        cache->connected_ms = now_ms;
    int64_t alone_ms = now_ms - cache->connected_ms; /* negative: the clock was set back */
    if (cache->used && (alone_ms < 0 || alone_ms > SEED_CACHE_KEEP_MS))
        clear(cache);
}

uint64_t seed_cache_revision(const struct seed_cache *cache) {
    return cache->revision;
}

static void check_store(struct seed_cache *cache) {
    uint32_t commits = 0;
    bool counted = store_commits(cache->home->store, &commits);
    bool changed = !counted || !cache->counted || commits != cache->commits;
    if (changed && counted && cache->counted && cache->recorder)
        changed = !recorder_made_commits(cache->recorder, cache->commits, commits);
    if (changed)
        cache->revision++;
    cache->counted = counted;
    cache->commits = commits;
}

static size_t slot_of(const char *token) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *token; token++)
        hash = (hash ^ (unsigned char)*token) * 16777619u;
    return hash % SLOTS;
}

/* Its documents stay, unless they are in another folder now. */
static void refresh(struct seed_cache *cache, struct seed_entry **slot, const char *token,
                    const struct store_instance *instance) {
    if (*slot &&
        (strcmp((*slot)->token, token) != 0 || strcmp((*slot)->instance.name, instance->name) != 0))
        drop_entry(cache, slot);
    if (!*slot) {
        *slot = alloc_zero(sizeof **slot);
        (*slot)->token = alloc_string(token);
    }
    store_instance_done(&(*slot)->instance);
    (*slot)->instance = *instance;
    (*slot)->revision = cache->revision;
    cache->used = true;
}

struct seed_entry *seed_cache_find(struct seed_cache *cache, const char *token,
                                   struct error *error) {
    struct seed_entry **slot = &cache->slots[slot_of(token)];
    struct store_instance instance = {0};
    check_store(cache);
    if (*slot && (*slot)->revision == cache->revision && secret_equal((*slot)->token, token))
        return *slot;
    if (!instance_table_get_by_token(cache->home->store, token, &instance, error))
        return NULL;
    refresh(cache, slot, token, &instance);
    return *slot;
}

const struct store_instance *seed_entry_instance(const struct seed_entry *entry) {
    return &entry->instance;
}

static char *path_of(const struct seed_cache *cache, const struct seed_entry *entry,
                     enum seed_document document) {
    scoped(alloc_release) char *folder = home_instance_folder(cache->home, entry->instance.name);
    return alloc_printf("%s/" LAYOUT_DOCUMENTS "/%s", folder, seed_document_name(document));
}

static bool is_same_file(const struct stat *one, const struct stat *other) {
    return one->st_ino == other->st_ino && one->st_dev == other->st_dev &&
           one->st_size == other->st_size &&
           platform_changed_ns(one) == platform_changed_ns(other) &&
           platform_modified_ms(one) == platform_modified_ms(other);
}

/* By the time that nobody sets back. */
static bool has_settled(const struct seed_cache *cache, const struct stat *file) {
    return cache->now_ms - platform_changed_ns(file) / 1000000 > SETTLED_MS;
}

const struct buffer *seed_cache_read(struct seed_cache *cache, struct seed_entry *entry,
                                     enum seed_document document, struct error *error) {
    struct copy *copy = &entry->copies[document];
    struct stat file = {0};
    if (!copy->path)
        copy->path = path_of(cache, entry, document);
    bool exists = lstat(copy->path, &file) == 0, plain = exists && S_ISREG(file.st_mode);
    if (copy->known && plain && is_same_file(&copy->file, &file))
        return &copy->content;
    drop_copy(cache, copy);
    if (cache->bytes > CONTENT_LIMIT_BYTES)
        drop_copies(cache);
    if (exists && !file_read(copy->path, SEED_DOCUMENT_LIMIT_BYTES, &copy->content, error)) {
        buffer_done(&copy->content);
        return NULL;
    }
    cache->bytes += copy->content.length;
    copy->known = plain && has_settled(cache, &file);
    copy->file = file;
    return &copy->content;
}
