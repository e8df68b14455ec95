/* From the text of a lab file to the nodes of its one YAML document, and where it is none. */
#pragma once

#include "home/lab/lab.h"

#include <yaml.h>

/* The lab has its path. The document has a root, and is the caller's to delete when it is true. */
bool lab_document_load(const struct lab *lab, const char *text, size_t length,
                       yaml_document_t *document, struct error *error);
