/* `pgsup info` as text: sections of labels, ages for people, at most INFO_OUTPUT_LINES lines but
 * for the history. Pure: reads the JSON object that `pgsup info --json` prints. */
#pragma once

#include "base/strv.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define INFO_OUTPUT_LINES 24

struct info_output_style {
    int64_t now_ms; /* wall */
    bool history;   /* all boots, with what the console said last */
    bool color;
};

void info_output_write(const json_t *info, const struct info_output_style *style,
                       struct strv *lines);
