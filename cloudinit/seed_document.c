#include "seed_document.h"

static const char *const names[SEED_DOCUMENT_COUNT] = {
    [SEED_META_DATA] = "meta-data",
    [SEED_USER_DATA] = "user-data",
    [SEED_VENDOR_DATA] = "vendor-data",
    [SEED_NETWORK_CONFIG] = "network-config",
};

const char *seed_document_name(enum seed_document document) {
    return names[document];
}
