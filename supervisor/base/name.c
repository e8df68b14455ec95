#include "name.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text_form.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_label_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool name_check_label(const char *what, const char *text, struct error *error) {
    size_t length = strlen(text);
    bool good = length > 0 && length <= NAME_LABEL_MAX && is_label_character(text[0]) &&
                is_label_character(text[length - 1]);
    for (size_t i = 0; good && i < length; i++)
        good = is_label_character(text[i]) || text[i] == '-';
    if (good)
        return true;
    char *shown = name_printable(text, length, 80);
    error_set(error, ERROR_INVALID,
              "\"%s\" is not a valid %s: use 1 to 63 lower-case letters, digits and '-' inside "
              "(an RFC 1123 label)",
              shown, what);
    alloc_release(&shown);
    return false;
}

/* One number, as ping, ssh and browsers read an address: inet_aton(3). */
static bool is_whole_address(const char *text) {
    const char *digits = "0123456789";
    if (text[0] == '0' && text[1] == 'x' && text[2]) {
        text += 2;
        digits = "0123456789abcdef";
    }
    return text[strspn(text, digits)] == 0;
}

bool name_check_instance(const char *text, struct error *error) {
    static const struct {
        const char *name, *meaning;
    } taken[] = {
        {"all", "all hosts to Ansible"},
        {"ungrouped", "the hosts without a group to Ansible"},
        {"localhost", "this computer itself"},
        {"localhost4", "this computer itself"},
        {"localhost6", "this computer itself"},
        {"ip6-localhost", "this computer itself"},
        {"ip6-loopback", "this computer itself"},
        {"ip6-allnodes", "all computers of a network"},
        {"ip6-allrouters", "all routers of a network"},
        {"broadcasthost", "all computers of a network"},
    };
    if (!name_check_label("instance name", text, error))
        return false;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(text, taken[i].name) == 0)
            return error_set(
                error, ERROR_INVALID,
                "\"%s\" cannot be the name of an instance, because it means %s: choose "
                "another one",
                text, taken[i].meaning);
    return !is_whole_address(text) ||
           error_set(error, ERROR_INVALID,
                     "\"%s\" cannot be the name of an instance, because it means an address, "
                     "written as one number: choose another one",
                     text);
}

bool name_is_word(const char *text) {
    size_t length = 0;
    for (; text[length]; length++)
        if (!is_label_character((char)tolower((unsigned char)text[length])) && text[length] != '_')
            return false;
    return length > 0 && length <= NAME_LABEL_MAX && !isdigit((unsigned char)text[0]);
}

bool name_parse_ip4(const char *text, uint32_t *address) {
    uint32_t value = 0;
    for (int part = 0; part < 4; part++) {
        unsigned number = 0;
        int digits = 0;
        const char *start = text;
        for (; isdigit((unsigned char)*text) && digits < 4; text++, digits++)
            number = number * 10 + (unsigned)(*text - '0');
        if (digits == 0 || digits > 3 || number > 255 || (digits > 1 && *start == '0'))
            return false;
        value = value << 8 | number;
        if (part < 3 && *text++ != '.')
            return false;
    }
    if (*text)
        return false;
    *address = value;
    return true;
}

void name_format_ip4(uint32_t address, char text[16]) {
    snprintf(text, 16, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
             address & 255);
}

bool name_parse_mac(const char *text, uint8_t mac[6]) {
    if (strlen(text) != strlen("52:54:00:12:34:56"))
        return false;
    for (size_t i = 0; text[i]; i++)
        if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
            return false;
    for (size_t i = 0; i < 6; i++)
        mac[i] = (uint8_t)strtoul(text + 3 * i, NULL, 16);
    return true;
}

void name_format_mac(const uint8_t mac[6], char text[18]) {
    snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
}

bool name_parse_netmask(const char *text, unsigned *prefix_length) {
    uint32_t mask;
    if (!name_parse_ip4(text, &mask))
        return false;
    unsigned length = 0;
    while (length < 32 && mask & UINT32_C(0x80000000) >> length)
        length++;
    if (length < 32 && mask << length)
        return false;
    *prefix_length = length;
    return true;
}

bool name_parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number) {
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (!isdigit((unsigned char)*text) || value > (UINT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (value < low || value > high)
        return false;
    *number = value;
    return true;
}

/* The power of 1024 that a unit stands for, of either case: "" and "b" 0, "g", "GB", "GiB" 3. */
static bool parse_size_unit(const char *text, unsigned *shift) {
    static const char units[] = "kmgtp";
    char word[4] = "";
    size_t length = strlen(text);
    if (length >= sizeof word)
        return false;
    for (size_t i = 0; i < length; i++)
        word[i] = (char)tolower((unsigned char)text[i]);
    const char *found = *word ? strchr(units, *word) : NULL;
    const char *rest = word + (found ? 1 : 0);
    *shift = found ? 10 * ((unsigned)(found - units) + 1) : 0;
    return !*rest || strcmp(rest, "b") == 0 || (found && strcmp(rest, "ib") == 0);
}

/* Adds the digits after a point, as many as matter: ".5" of 1 << shift. */
static bool add_fraction(const char **text, unsigned shift, uint64_t *bytes) {
    uint64_t scale = 1, fraction = 0;
    size_t digits = strspn(++*text, "0123456789");
    if (digits == 0 || digits > 6 || shift == 0)
        return false;
    for (size_t i = 0; i < digits; i++, ++*text, scale *= 10)
        fraction = fraction * 10 + (uint64_t)(**text - '0');
    uint64_t part = (fraction << (shift > 40 ? 40 : shift)) / scale;
    *bytes += shift > 40 ? part << (shift - 40) : part;
    return true;
}

bool name_parse_size(const char *text, uint64_t *bytes) {
    size_t digits = strspn(text, "0123456789");
    char number[24];
    unsigned shift;
    uint64_t value;
    if (digits == 0 || digits >= sizeof number)
        return false;
    memcpy(number, text, digits);
    number[digits] = 0;
    const char *point = text + digits;
    const char *unit = point + strspn(point, ".0123456789");
    if (!name_parse_number(number, 0, UINT64_MAX, &value) ||
        !parse_size_unit(unit + strspn(unit, " "), &shift) || value > UINT64_MAX >> shift)
        return false;
    value <<= shift;
    if (*point == '.' && (!add_fraction(&point, shift, &value) || point != unit))
        return false;
    *bytes = value;
    return true;
}

uint32_t name_hash(const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

char *name_put_number(uint64_t number, char *text) {
    char digits[20];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count)
        *text++ = digits[--count];
    *text = 0;
    return text;
}

void name_format_size(uint64_t bytes, char text[32]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    unsigned unit = 0;
    uint64_t whole = bytes, rest = 0;
    for (; whole >= 1024 && unit < 5; unit++) {
        rest = whole % 1024;
        whole /= 1024;
    }
    text = name_put_number(whole, text);
    if (rest * 10 / 1024) {
        *text++ = '.';
        text = name_put_number(rest * 10 / 1024, text);
    }
    *text++ = ' ';
    strcpy(text, units[unit]);
}

const char *name_plural(uint64_t count) {
    return count == 1 ? "" : "s";
}

/* "4 GiB" is "4G", "5 B" is "5B". */
void name_format_size_short(uint64_t bytes, char text[32]) {
    name_format_size(bytes, text);
    size_t digits = strcspn(text, " ");
    text[digits] = text[digits + 1];
    text[digits + 1] = 0;
}

void name_upper(const char *word, char *text, size_t size) {
    size_t length = 0;
    for (; word[length] && length + 1 < size; length++)
        text[length] = (char)toupper((unsigned char)word[length]);
    text[length] = 0;
}

/* What changes the order or the lines of the text around it (Unicode: Bidi_Control, and the
 * separators of lines and paragraphs): by it a text shows as another one. */
static uint32_t hidden_control(const unsigned char *text, size_t left) {
    uint32_t code = 0;
    if (left >= 2 && text[0] == 0xD8)
        code = (text[0] & 0x1Fu) << 6 | (text[1] & 0x3Fu);
    else if (left >= 3 && text[0] == 0xE2)
        code = (text[0] & 0x0Fu) << 12 | (text[1] & 0x3Fu) << 6 | (text[2] & 0x3Fu);
    bool hidden = code == 0x061C || code == 0x200E || code == 0x200F ||
                  (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    return hidden ? code : 0;
}

uint32_t name_hidden_control(const char *text) {
    return hidden_control((const unsigned char *)text, strnlen(text, 3));
}

/* Length of the well-formed UTF-8 sequence at text, 0 if there is none. C1 controls and hidden ones
 * count as bad. */
static size_t utf8_length(const unsigned char *text, size_t left) {
    unsigned char c = text[0];
    size_t need = c < 0x80                ? 1
                  : c >= 0xC2 && c < 0xE0 ? 2
                  : (c & 0xF0) == 0xE0    ? 3
                  : c >= 0xF0 && c < 0xF5 ? 4
                                          : 0;
    if (need == 0 || need > left || hidden_control(text, left))
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    if (need == 2 && c == 0xC2 && text[1] < 0xA0)
        return 0;
    if (need == 3 && ((c == 0xE0 && text[1] < 0xA0) || (c == 0xED && text[1] >= 0xA0)))
        return 0;
    if (need == 4 && ((c == 0xF0 && text[1] < 0x90) || (c == 0xF4 && text[1] >= 0x90)))
        return 0;
    return need;
}

/* Puts the character at text, or the first byte of what is none; the number of bytes taken. */
static size_t put_safe(struct buffer *out, const char *text, size_t left) {
    unsigned char byte = (unsigned char)text[0];
    size_t step = utf8_length((const unsigned char *)text, left);
    if (step == 0 || byte < 0x20 || byte == 0x7F) {
        buffer_printf(out, "\\x%02X", byte);
        return 1;
    }
    buffer_append(out, text, step);
    return step;
}

static size_t plain_length(const char *text) {
    size_t length = 0;
    while (text[length] >= 0x20 && text[length] < 0x7F)
        length++;
    return length;
}

size_t name_put_safe(struct buffer *out, const char *text) {
    size_t plain = plain_length(text), width = plain, at = out->length + plain;
    buffer_append(out, text, plain);
    size_t length = text[plain] ? plain + strlen(text + plain) : plain;
    for (size_t i = plain; i < length;)
        i += put_safe(out, text + i, length - i);
    for (; at < out->length; at++) /* but for those that continue a UTF-8 sequence */
        width += ((unsigned char)out->data[at] & 0xC0) != 0x80;
    return width;
}

char *name_safe(const char *text) {
    struct buffer out = {0};
    name_put_safe(&out, text);
    return buffer_take(&out);
}

/* Of ASCII that is shown as it is. */
static size_t visible_length(const char *text, size_t most) {
    size_t length = 0;
    while (length < most && text[length] >= 0x20 && text[length] < 0x7F && text[length] != '\\')
        length++;
    return length;
}

char *name_printable(const char *text, size_t length, size_t limit) {
    struct buffer out = {0};
    size_t i = 0;
    while (i < length && i < limit) {
        size_t plain = visible_length(text + i, (length < limit ? length : limit) - i);
        buffer_append(&out, text + i, plain);
        i += plain;
        if (plain)
            continue;
        size_t unseen = text_form_invisible(text + i, length - i);
        for (size_t end = i + unseen; i < end; i++)
            buffer_printf(&out, "\\x%02X", (unsigned char)text[i]);
        if (unseen)
            continue;
        if (text[i] == '\\')
            buffer_putc(&out, '\\');
        i += put_safe(&out, text + i, length - i);
    }
    if (i < length)
        buffer_puts(&out, "...");
    return buffer_take(&out);
}
