#include "cli/input/document_options.h"

#include "base/alloc.h"

static bool read_option(const struct invocation *invocation, enum seed_document document,
                        struct user_documents *own, struct error *error) {
    scoped(alloc_release) char *remarks = NULL;
    const char *path = invocation_option(invocation, seed_document_name(document));
    if (!path)
        return true;
    bool good = user_document_read(document, path, own, &remarks, error);
    if (good && remarks)
        invocation_warn("%s", remarks);
    return good;
}

bool document_options_read(const struct invocation *invocation, struct user_documents *own,
                           struct error *error) {
    return read_option(invocation, SEED_USER_DATA, own, error) &&
           read_option(invocation, SEED_VENDOR_DATA, own, error) &&
           read_option(invocation, SEED_NETWORK_CONFIG, own, error);
}
