/* From what a lab file says of an instance to what the commands take. Texts are borrowed from the
 * lab; the rest is owned here. */
#pragma once

#include "base/strv.h"
#include "home/facts.h"
#include "home/home.h"
#include "home/instance/definition.h"
#include "home/lab/lab.h"
#include "home/seed/user_document.h"
#include "store/instance_table.h"

struct lab_options {
    const struct lab *lab; /* these two are the caller's, set before */
    const struct lab_instance *instance;
    struct instance_create_options create;
    struct instance_change_options change;
    struct strv nics;              /* without that of the cloud's network */
    char *backup_to;               /* of change.backups; NULL: as it is */
    struct strv removed_variables; /* of an instance that has them, and the file not */
    struct user_documents own;
};

/* existing: NULL for a new one. Reads the documents that the file names. */
bool lab_options_fill(struct home *home, const struct store_instance *existing,
                      struct lab_options *options, struct error *error);
/* All rows of the instance, which exists, and what the file says of it. Caller releases both. */
bool lab_options_load(struct home *home, struct lab_options *options, struct instance_facts *facts,
                      struct error *error);
/* Puts the place in the file and the name of the instance before the sentence: the place of the
 * value that error.about names, which may stand under "defaults", else of the instance. What failed
 * outside, such as the store, is no fault of the file, and has only the name. */
bool lab_options_fail(const struct lab_options *options, struct error *error);
struct lab_asked {
    struct strv documents; /* that were judged */
    struct strv remarks;   /* what is no error */
};
/* Reads the documents, and has cloud-init judge those that differ from what the instance has, each
 * once. Takes seconds: outside of a transaction. */
bool lab_options_ask(const struct home *home, struct lab_options *options, struct lab_asked *asked,
                     struct error *error);
/* From what the instance has, if it is there. */
bool lab_document_differs(const struct home *home, const struct lab_options *options,
                          enum seed_document document, bool *differs, struct error *error);
void lab_options_done(struct lab_options *options);
