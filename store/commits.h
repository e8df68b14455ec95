/* How many transactions have been committed to a store, by whichever process. SQLite counts them in
 * memory that all who have the database open share: to look costs neither a query nor a system
 * call. Source: sqlite.org/walformat.html, "The WAL-Index File Format": the field iChange. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct store;

/* Modulo 2^32: each transaction that has changed anything counts one. What is read after this has
 * at least these. After a writer crashed, SQLite may begin anew. False: not known, as of
 * one that is read without its log. */
bool store_commits(struct store *store, uint32_t *count);
