/* Text in aligned columns with a heading, and pairs "name: value". Cells are copied; text from
 * guests or files is made printable by the caller. */
#pragma once

#include "base/strv.h"

#include <stdio.h>

#define COLUMNS_MAX 12

struct columns {
    struct strv cells; /* row after row, the heading first */
    size_t count;      /* of columns */
};

/* headings: NULL-terminated, at most COLUMNS_MAX. */
void columns_init(struct columns *columns, const char *const *headings);
void columns_add(struct columns *columns, const char *cell); /* NULL or "": "-" */
void columns_addf(struct columns *columns, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void columns_print(const struct columns *columns, FILE *file);
void columns_done(struct columns *columns);

/* One line for one value: "address       10.0.2.15". */
void columns_pair(const char *name, const char *value, FILE *file);
