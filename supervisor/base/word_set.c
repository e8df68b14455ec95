#include "word_set.h"

#include "base/buffer.h"

#include <string.h>

bool word_set_find(const struct word_set *set, const char *word, int *value) {
    for (size_t i = 0; word && i < set->count; i++)
        if (strcmp(set->words[i], word) == 0) {
            *value = (int)i;
            return true;
        }
    return false;
}

char *word_set_choice(const struct word_set *set) {
    struct buffer text = {0};
    for (size_t i = 0; i < set->count; i++) {
        const char *before = i == 0 ? "" : i + 1 == set->count ? " or " : ", ";
        buffer_printf(&text, "%s%s", before, set->words[i]);
    }
    return buffer_take(&text);
}
