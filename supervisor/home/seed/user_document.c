#include "home/seed/user_document.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/given_file.h"
#include "cloudinit/document_check.h"
#include "cloudinit/document_kind.h"
#include "cloudinit/own_config.h"
#include "cloudinit/own_network.h"
#include "home/layout.h"
#include "home/seed/schema.h"
#include "store/user_table.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

void user_documents_done(struct user_documents *own) {
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        buffer_done(&own->texts[i]);
}

bool user_documents_any(const struct user_documents *own) {
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        if (own->given[i])
            return true;
    return false;
}

static char *path_of(const char *folder, enum seed_document document) {
    return alloc_printf("%s/" LAYOUT_DOCUMENTS "/own-%s", folder, seed_document_name(document));
}

/* A compressed part would lose what is not ASCII in it. */
static bool check(enum seed_document document, const char *path, const struct buffer *text,
                  struct error *error) {
    struct error problem = {0};
    if (document_kind_is_gzip(text->data, text->length))
        return error_set(error, ERROR_INVALID,
                         "%s is compressed: decompress it with `gunzip` first", path);
    return document_check(document, text->data, text->length, &problem) ||
           error_set(error, problem.code, "%s: %s", path, problem.text);
}

bool user_document_read(enum seed_document document, const char *path, struct user_documents *own,
                        char **remarks, struct error *error) {
    struct buffer *text = &own->texts[document];
    if (remarks)
        *remarks = NULL;
    own->given[document] = true;
    if (!*path)
        return true;
    const char *shown = given_file_shown(path);
    const struct given_file file = {seed_document_name(document), path, OWN_DOCUMENT_LIMIT_BYTES,
                                    GIVEN_FILE_AS_IT_IS};
    if (!given_file_read(&file, text, NULL, error))
        return false;
    if (text->length == 0)
        return error_set(error, ERROR_INVALID,
                         "%s is empty: to remove a %s, give \"\" to `instance set`", shown,
                         seed_document_name(document));
    return check(document, shown, text, error) &&
           (!remarks || user_document_ask(document, shown, own, remarks, error));
}

bool user_document_take(enum seed_document document, const char *shown, const char *text,
                        struct user_documents *own, struct error *error) {
    own->given[document] = true;
    buffer_clear(&own->texts[document]);
    buffer_puts(&own->texts[document], text);
    if (own->texts[document].length > OWN_DOCUMENT_LIMIT_BYTES)
        return error_set(error, ERROR_INVALID, "%s is longer than %u bytes", shown,
                         OWN_DOCUMENT_LIMIT_BYTES);
    return check(document, shown, &own->texts[document], error);
}

bool user_document_ask(enum seed_document document, const char *shown,
                       const struct user_documents *own, char **remarks, struct error *error) {
    const struct buffer *text = &own->texts[document];
    *remarks = NULL;
    return document == SEED_NETWORK_CONFIG || !text->length ||
           !document_kind_is_cloud_config(text->data, text->length) ||
           schema_check(shown, text, remarks, error);
}

/* cloudadmin and ansible are in every document. */
static bool list_accounts(const struct home *home, struct strv *accounts, struct error *error) {
    scoped(store_users_done) struct store_users users = {0};
    if (!user_table_list(home->store, &users, error))
        return false;
    strv_push(accounts, "cloudadmin");
    strv_push(accounts, "ansible");
    for (size_t i = 0; i < users.count; i++)
        strv_push(accounts, users.items[i].name);
    return true;
}

bool user_document_judge(const struct home *home, enum seed_document document,
                         const struct user_documents *own, struct strv *remarks,
                         struct error *error) {
    const struct buffer *text = &own->texts[document];
    scoped(strv_done) struct strv accounts = {0};
    const struct own_config_facts facts = {document, &accounts};
    if (!own->given[document] || text->length == 0)
        return true;
    if (document == SEED_NETWORK_CONFIG)
        return own_network_check(text->data, text->length, error);
    return list_accounts(home, &accounts, error) &&
           own_config_check(text->data, text->length, &facts, remarks, error);
}

const char *user_document_network_remark(const struct store_instance *instance) {
    return instance->seed != STORE_SEED_HTTP
               ? NULL
               : "over HTTP only cloud-init 24.3 and later fetches it, and never that of "
                 "Ubuntu 22.04 and 24.04: --seed drive and both bring it to all";
}

bool user_document_has_network(const char *folder, const struct user_documents *own) {
    struct stat status;
    if (own && own->given[SEED_NETWORK_CONFIG])
        return own->texts[SEED_NETWORK_CONFIG].length > 0;
    scoped(alloc_release) char *path = folder ? path_of(folder, SEED_NETWORK_CONFIG) : NULL;
    return path && stat(path, &status) == 0 && status.st_size > 0;
}

bool user_document_get(const char *folder, enum seed_document document, struct buffer *text,
                       struct error *error) {
    scoped(alloc_release) char *path = path_of(folder, document);
    if (!file_exists(path))
        return true;
    if (!file_read(path, OWN_DOCUMENT_LIMIT_BYTES, text, error))
        return false;
    return text->length == 0 || check(document, path, text, error);
}

static bool user_document_put_text(const char *path, const struct buffer *text,
                                   struct error *error) {
    if (text->length == 0)
        return unlink(path) == 0 || errno == ENOENT || error_errno(error, "cannot remove %s", path);
    return file_write(path, text->data, text->length, 0600, error);
}

bool user_documents_put(const struct home *home, const char *folder,
                        const struct user_documents *own, struct user_documents *before,
                        struct error *error) {
    scoped(alloc_release) char *documents = alloc_printf("%s/" LAYOUT_DOCUMENTS, folder);
    if (user_documents_any(own) && !home_make_folder(home, documents, error))
        return false;
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        if (!own->given[i])
            continue;
        scoped(alloc_release) char *path = path_of(folder, (enum seed_document)i);
        if (before && file_exists(path) &&
            !file_read(path, OWN_DOCUMENT_LIMIT_BYTES, &before->texts[i], error))
            return false;
        if (before)
            before->given[i] = true;
        if (!user_document_put_text(path, &own->texts[i], error))
            return false;
    }
    return true;
}
