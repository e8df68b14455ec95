#include "home/seed/own_edit.h"

#include "base/alloc.h"
#include "base/secret.h"
#include "home/layout.h"
#include "home/seed/user_document.h"
#include "store/generated_table.h"

#include <string.h>

static void add_remarks(struct generated *generated, const char *path, const struct strv *remarks) {
    for (size_t i = 0; i < remarks->count; i++) {
        char *before = generated->notice;
        generated->notice = alloc_printf("%s%s%s: %s", before ? before : "", before ? "; " : "",
                                         path, remarks->items[i]);
        alloc_release(&before);
    }
}

/* What was not recorded before was judged when it was given. */
bool own_edit_check(struct generated *generated, enum seed_document document,
                    const struct buffer *text, struct error *error) {
    char present[SECRET_SHA256_SIZE], recorded[SECRET_SHA256_SIZE];
    scoped(strv_done) struct strv remarks = {0};
    struct user_documents own = {0}; /* it borrows the text */
    scoped(alloc_release) char *path =
        alloc_printf(LAYOUT_DOCUMENTS "/own-%s", seed_document_name(document));
    own.given[document] = true;
    own.texts[document] = *text;
    secret_sha256(text->data ? text->data : "", text->length, present);
    if (!generated_table_get(generated->home->store, generated->facts->instance.id, path, recorded,
                             error))
        return false;
    if (strcmp(present, recorded) == 0)
        return true;
    if (!user_document_judge(generated->home, document, &own, &remarks, error))
        return error_prefix(error, "%s of \"%s\"", path, generated->facts->instance.name);
    if (generated->tells_edits && recorded[0])
        add_remarks(generated, path, &remarks);
    return generated_record(generated, path, present, error);
}
