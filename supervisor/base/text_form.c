#include "base/text_form.h"

#include "base/alloc.h"

#include <stdint.h>
#include <string.h>

#define SAMPLE_BYTES 64u /* of text without a mark, in which UTF-16 shows by its zero bytes */
#define ADVICE       "save it as UTF-8 without a byte order mark"

bool text_form_has_bom(const char *text, size_t length) {
    return length >= TEXT_FORM_BOM_BYTES && memcmp(text, TEXT_FORM_BOM, TEXT_FORM_BOM_BYTES) == 0;
}

void text_form_strip_bom(struct buffer *text) {
    if (text->data && text_form_has_bom(text->data, text->length))
        buffer_consume(text, TEXT_FORM_BOM_BYTES);
}

/* ASCII in UTF-16 has every other byte zero: at odd places (LE) or even ones (BE). */
static bool alternates(const char *text, size_t length) {
    size_t sample = length < SAMPLE_BYTES ? length & ~(size_t)1 : SAMPLE_BYTES, zeros[2] = {0, 0};
    for (size_t i = 0; i < sample; i++)
        zeros[i % 2] += text[i] == 0;
    return sample >= 4 && (zeros[0] == sample / 2) != (zeros[1] == sample / 2);
}

bool text_form_check(const char *text, size_t length, struct error *error) {
    static const struct {
        const char *mark;
        size_t bytes;
        const char *name;
    } forms[] = {
        {"\xFF\xFE\0\0", 4, "UTF-32"},
        {"\0\0\xFE\xFF", 4, "UTF-32"},
        {"\xFF\xFE", 2, "UTF-16"},
        {"\xFE\xFF", 2, "UTF-16"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (length >= forms[i].bytes && memcmp(text, forms[i].mark, forms[i].bytes) == 0)
            return error_set(error, ERROR_INVALID, "it is %s text: " ADVICE, forms[i].name);
    return !alternates(text, length) ||
           error_set(error, ERROR_INVALID, "it is UTF-16 text: " ADVICE);
}

bool text_form_check_no_bom(const char *text, size_t length, struct error *error) {
    if (text_form_has_bom(text, length))
        return error_set(error, ERROR_INVALID,
                         "it begins with a byte order mark (U+FEFF), which nobody sees: " ADVICE);
    return text_form_check(text, length, error);
}

/* --- characters --- */

/* Of UTF-8 that is well-formed in its lengths; 0xFFFD otherwise. */
static uint32_t decode(const char *text, size_t length, size_t *bytes) {
    const unsigned char *p = (const unsigned char *)text;
    size_t need = length == 0             ? 0
                  : p[0] < 0x80           ? 1
                  : (p[0] & 0xE0) == 0xC0 ? 2
                  : (p[0] & 0xF0) == 0xE0 ? 3
                  : (p[0] & 0xF8) == 0xF0 ? 4
                                          : 0;
    *bytes = need && need <= length ? need : 1;
    if (!need || need > length)
        return 0xFFFD;
    uint32_t character = need == 1 ? p[0] : p[0] & (0x7Fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0xFFFD;
        character = character << 6 | (p[i] & 0x3F);
    }
    return character;
}

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t character, const struct range *ranges, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

/* Unicode: spaces other than U+0020, and what is Default_Ignorable. */
static const struct range invisible[] = {
    {0x00A0, 0x00A0}, {0x00AD, 0x00AD}, {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160},
    {0x1680, 0x1680}, {0x17B4, 0x17B5}, {0x180B, 0x180F},   {0x2000, 0x200F},   {0x2028, 0x202F},
    {0x205F, 0x206F}, {0x3000, 0x3000}, {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFF8}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};
static const struct range quotes[] = {
    {'"', '"'},       {'\'', '\''},     {'`', '`'},       {0x00AB, 0x00AB},
    {0x00BB, 0x00BB}, {0x2018, 0x201F}, {0x2039, 0x203A},
};

size_t text_form_invisible(const char *text, size_t length) {
    size_t bytes;
    uint32_t character = decode(text, length, &bytes);
    return is_in(character, invisible, sizeof invisible / sizeof *invisible) ? bytes : 0;
}

size_t text_form_quote(const char *text, size_t length) {
    size_t bytes;
    uint32_t character = decode(text, length, &bytes);
    return length && is_in(character, quotes, sizeof quotes / sizeof *quotes) ? bytes : 0;
}

char *text_form_name(const char *text, size_t length) {
    static const struct {
        uint32_t character;
        const char *name;
    } names[] = {
        {0x00A0, "a no-break space"},     {0x202F, "a narrow no-break space"},
        {0x00AD, "a soft hyphen"},        {0x200B, "a zero-width space"},
        {0x2060, "a word joiner"},        {0xFEFF, "a byte order mark"},
        {0x3000, "an ideographic space"},
    };
    size_t bytes;
    uint32_t character = decode(text, length, &bytes);
    const char *name = is_in(character, quotes, sizeof quotes / sizeof *quotes)
                           ? "a quotation mark"
                           : "an invisible character";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].character == character)
            name = names[i].name;
    return alloc_printf("%s (U+%04X)", name, (unsigned)character);
}

size_t text_form_character(const char *text, size_t length) {
    static const struct {
        unsigned char mask, lead;
        unsigned least;
    } forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0xA0}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    for (size_t i = 0; length > i && i < sizeof forms / sizeof *forms; i++) {
        if (((unsigned char)text[0] & forms[i].mask) != forms[i].lead)
            continue;
        unsigned point = (unsigned char)text[0] & (unsigned char)~forms[i].mask;
        for (size_t j = 1; j <= i; j++) {
            if (((unsigned char)text[j] & 0xC0) != 0x80)
                return 0;
            point = point << 6 | ((unsigned char)text[j] & 0x3F);
        }
        bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        return point < forms[i].least || surrogate || point > 0x10FFFF ? 0 : i + 1;
    }
    return 0;
}
