/* Reads a lab file: one YAML document. Pure, apart from lab_file_read(). Anchors and merges (<<)
 * count as in YAML 1.1; unknown and repeated keys are errors. What is in "defaults" is that of each
 * instance which does not give it itself; instances are in the order of their "after". */
#pragma once

#include "home/lab/lab.h"

#define LAB_FILE_LIMIT_BYTES (1u << 20)

/* "-": standard input. */
bool lab_file_read(const char *path, struct lab *lab, struct error *error);
/* path: for the sentences, which begin with PATH:LINE:COLUMN. */
bool lab_file_parse(const char *path, const char *text, size_t length, struct lab *lab,
                    struct error *error);
