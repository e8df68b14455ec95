/* The four documents that a seed consists of. */
#pragma once

enum seed_document {
    SEED_META_DATA,
    SEED_USER_DATA,
    SEED_VENDOR_DATA,
    SEED_NETWORK_CONFIG,
    SEED_DOCUMENT_COUNT,
};

const char *seed_document_name(enum seed_document document); /* "meta-data" */
