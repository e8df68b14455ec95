/* Text in aligned columns with a heading. Cells are copied, and made printable. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define COLUMNS_MAX 20

struct columns {
    struct buffer text; /* of all cells */
    struct columns_cell {
        uint32_t at, length; /* in the text, in bytes */
        uint32_t width;      /* in characters */
        const char *style;   /* borrowed: what a terminal needs before it; NULL: none */
    } * cells;               /* row after row, the heading first */
    size_t cell_count, cell_room;
    size_t count; /* of columns */
    bool no_heading;
    /* What a line may have; 0: any number. Until it fits, the columns that may be left out are
     * (the highest number first), others are cut, at last all: the first one as far as it can be
     * read, then from the last one on. */
    size_t width;
    unsigned leave_out[COLUMNS_MAX]; /* 0: never */
    bool may_cut[COLUMNS_MAX];
};

/* headings: NULL-terminated, at most COLUMNS_MAX. */
void columns_init(struct columns *columns, const char *const *headings);
void columns_add(struct columns *columns, const char *cell); /* NULL or "": "-" */
void columns_repeat(struct columns *columns); /* the cell of the row above, with its style */
/* Of the cell added last; style lives for ever. */
void columns_paint(struct columns *columns, const char *style);
void columns_print(const struct columns *columns, FILE *file);
void columns_done(struct columns *columns);

/* One line for one value: "address       10.0.2.15". */
void columns_pair(const char *name, const char *value, FILE *file);
