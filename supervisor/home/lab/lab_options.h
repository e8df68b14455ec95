/* From what a lab file says of an instance to what the commands take. Texts are borrowed from the
 * lab; the rest is owned here. */
#pragma once

#include "base/strv.h"
#include "home/home.h"
#include "home/instance/definition.h"
#include "home/lab/lab_file.h"
#include "home/seed/user_document.h"
#include "store/instance_table.h"

struct lab_options {
    const struct lab *lab; /* these two are the caller's, set before */
    const struct lab_instance *instance;
    struct instance_create_options create;
    struct instance_change_options change;
    struct strv nics;              /* without that of the cloud's network */
    struct strv removed_variables; /* of an instance that has them, and the file not */
    struct user_documents own;
};

/* existing: NULL for a new one. Reads the documents that the file names. */
bool lab_options_fill(struct home *home, const struct store_instance *existing,
                      struct lab_options *options, struct error *error);
/* Has cloud-init judge the documents, each text that is not among those asked before. */
bool lab_options_ask(const struct lab_options *options, struct strv *asked, struct error *error);
void lab_options_done(struct lab_options *options);
