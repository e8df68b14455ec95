#include "cli/input/document_options.h"

#include "base/alloc.h"

static bool judge_document(const struct invocation *invocation, enum seed_document document,
                           const struct user_documents *own, struct error *error) {
    scoped(strv_done) struct strv remarks = {0};
    const char *path = invocation_option(invocation, seed_document_name(document));
    bool good = user_document_judge(invocation->home, document, own, &remarks, error) ||
                error_prefix(error, "%s", path);
    for (size_t i = 0; good && i < remarks.count; i++)
        invocation_warn("%s: %s", path, remarks.items[i]);
    return good;
}

static bool read_option(const struct invocation *invocation, enum seed_document document,
                        struct user_documents *own, struct error *error) {
    scoped(alloc_release) char *remarks = NULL;
    const char *path = invocation_option(invocation, seed_document_name(document));
    if (!path)
        return true;
    bool good = user_document_read(document, path, own, &remarks, error);
    if (good && remarks)
        invocation_warn("%s", remarks);
    return good && judge_document(invocation, document, own, error);
}

bool document_options_read(const struct invocation *invocation, struct user_documents *own,
                           struct error *error) {
    return read_option(invocation, SEED_USER_DATA, own, error) &&
           read_option(invocation, SEED_VENDOR_DATA, own, error) &&
           read_option(invocation, SEED_NETWORK_CONFIG, own, error);
}

void document_options_remark(const struct invocation *invocation,
                             const struct store_instance *instance) {
    const char *path = invocation_option(invocation, seed_document_name(SEED_NETWORK_CONFIG));
    const char *remark = user_document_network_remark(instance);
    if (path && *path && remark)
        invocation_warn("%s: %s", path, remark);
}
