/* What the seed server has looked up and read, so that a request that was made before costs no
 * query and no file to open. Nothing of it is used unchecked: when anybody but the recorder, which
 * changes no instance, has changed the store, each token is looked up anew; a document is
 * read again when its file is another one, or so young that its time does not tell one write from
 * the next. Whoever has an answer before he changes something sees the change in the next one. */
#pragma once

#include "base/buffer.h"
#include "cloudinit/seed_document.h"
#include "daemon/recorder.h"
#include "home/home.h"
#include "store/instance_table.h"

#include <stdint.h>

#define SEED_CACHE_KEEP_MS 60000

struct seed_cache;
struct seed_entry; /* of one token; until the next look-up */

/* Borrows both. recorder: NULL is fine. */
struct seed_cache *seed_cache_new(struct home *home, const struct recorder *recorder);
void seed_cache_free(struct seed_cache *cache);
/* A turn of the loop begins, now_ms of clock_wall_ms(). What is known is kept for
 * SEED_CACHE_KEEP_MS after the last connection: guests come again for the next document. */
void seed_cache_turn(struct seed_cache *cache, int64_t now_ms, bool connected);

/* By the token of its documents. NULL: error set, as instance_table_get_by_token(). */
struct seed_entry *seed_cache_find(struct seed_cache *cache, const char *token,
                                   struct error *error);
const struct store_instance *seed_entry_instance(const struct seed_entry *entry);
/* Empty if there is none. NULL: error set. */
const struct buffer *seed_cache_read(struct seed_cache *cache, struct seed_entry *entry,
                                     enum seed_document document, struct error *error);
/* Another number means that the store may have been changed; never 0. */
uint64_t seed_cache_revision(const struct seed_cache *cache);
