/* The four documents that a seed consists of. */
#pragma once

enum seed_document {
    SEED_META_DATA,
    SEED_USER_DATA,
    SEED_VENDOR_DATA,
    SEED_NETWORK_CONFIG,
    SEED_DOCUMENT_COUNT,
};

/* Of one document, also of one that its user wrote: what is read is served, and the other way. The
 * seed drive holds less, and says so itself. */
#define SEED_DOCUMENT_LIMIT_BYTES (4u << 20)

const char *seed_document_name(enum seed_document document); /* "meta-data" */
