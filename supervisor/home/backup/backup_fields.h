/* The members of the manifest's objects as tables, from which they are written and read. Pure. */
#pragma once

#include "base/error.h"
#include "base/word_set.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum backup_field_type {
    BACKUP_FIELD_TEXT,     /* char *, required */
    BACKUP_FIELD_OPTIONAL, /* char *; NULL: null or absent */
    BACKUP_FIELD_U64,
    BACKUP_FIELD_OPTIONAL_U64, /* 0: also absent, as what an older pgsup did not write */
    BACKUP_FIELD_U16,
    BACKUP_FIELD_I64,
    BACKUP_FIELD_INT,
    BACKUP_FIELD_BOOL,
    BACKUP_FIELD_WORD, /* an enum, by its word */
    BACKUP_FIELD_HEX,  /* char[SECRET_SHA256_SIZE] */
};

struct backup_field {
    const char *key; /* NULL ends a table */
    enum backup_field_type type;
    size_t offset;
    uint64_t max; /* of a number; 0: INT64_MAX */
    const struct word_set *words;
};

/* Of one value: more than all variables of an instance may have (home/access/host_variables.h). */
#define BACKUP_FIELDS_TEXT_LIMIT_BYTES (512u << 10)

#define BACKUP_FIELDS_END                                                                          \
    { .key = NULL }

json_t *backup_fields_write(const struct backup_field *fields, const void *object);
/* object was zeroed; its texts are the caller's, also after a failure. what: "the instance". */
bool backup_fields_read(const struct backup_field *fields, const json_t *from, const char *what,
                        void *object, struct error *error);
