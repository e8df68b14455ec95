#include "public_key.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/name.h"
#include "base/text_form.h"

#include <stdint.h>
#include <string.h>

#define SHOWN_LIMIT          40u /* bytes of untrusted text that an error quotes */
#define RSA_BITS_MIN         1024u
#define RSA_BITS_MAX         16384u
#define RSA_EXPONENT_MAX     8u /* bytes */
#define ED25519_BYTES        32u
#define APPLICATION_MAX      256u /* of a security key, usually "ssh:" */
#define UNCOMPRESSED_POINT   0x04 /* SEC 1, 2.3.3 */
#define BASE64_QUANTUM_BYTES 4u

enum key_form { KEY_RSA, KEY_ECDSA, KEY_ED25519 };

struct key_type {
    const char *name;
    enum key_form form;
    const char *curve;
    size_t point_bytes;
    bool security_key; /* followed by an application string */
};

static const struct key_type key_types[] = {
    {"ssh-ed25519", KEY_ED25519, NULL, 0, false},
    {"ssh-rsa", KEY_RSA, NULL, 0, false},
    {"ecdsa-sha2-nistp256", KEY_ECDSA, "nistp256", 65, false},
    {"ecdsa-sha2-nistp384", KEY_ECDSA, "nistp384", 97, false},
    {"ecdsa-sha2-nistp521", KEY_ECDSA, "nistp521", 133, false},
    {"sk-ssh-ed25519@openssh.com", KEY_ED25519, NULL, 0, true},
    {"sk-ecdsa-sha2-nistp256@openssh.com", KEY_ECDSA, "nistp256", 65, true},
};

struct slice {
    const unsigned char *data;
    size_t length;
};

static bool slice_is(struct slice slice, const char *text) {
    return slice.length == strlen(text) && memcmp(slice.data, text, slice.length) == 0;
}

/* Rejects what users often give instead of a public key line, and says what to do. */
static bool refuse_other_formats(const char *text, size_t length, struct error *error) {
    static const struct {
        const char *mark, *sentence;
    } formats[] = {
        {"PRIVATE KEY-----", "this is a private key, which must never leave its owner: give the "
                             ".pub file beside it"},
        {"PuTTY-User-Key-File", "this is a PuTTY private key: give the line that PuTTYgen shows as "
                                "\"Public key for pasting into OpenSSH authorized_keys file\""},
        {"---- BEGIN SSH2 PUBLIC KEY", "this public key is in SSH2 (RFC 4716) format: convert it "
                                       "with ssh-keygen -i -f FILE"},
        {"PUBLIC KEY-----", "this public key is in PEM format: convert it with "
                            "ssh-keygen -i -m PKCS8 -f FILE"},
    };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (memmem(text, length, formats[i].mark, strlen(formats[i].mark)))
            return error_set(error, ERROR_INVALID, "%s", formats[i].sentence);
    return true;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool refuse_control_bytes(const char *text, size_t length, struct error *error) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n' || c == '\r')
            return error_set(error, ERROR_INVALID,
                             "a public key is one line, and there is more than one");
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return error_set(error, ERROR_INVALID, "the public key holds the control byte 0x%02x",
                             c);
    }
    return true;
}

/* In the type and the key itself: what follows is a comment. */
static bool refuse_unseen(const char *text, size_t length, struct error *error) {
    unsigned words = 0;
    bool quoted = text_form_quote(text, length) > 0;
    for (size_t i = 0; i < length && words < 2; i++) {
        words += i > 0 && is_blank(text[i]) && !is_blank(text[i - 1]);
        if (!quoted && !text_form_invisible(text + i, length - i))
            continue;
        scoped(alloc_release) char *name = text_form_name(text + i, length - i);
        return error_set(error, ERROR_INVALID, "the public key %s %s: %s",
                         i ? "contains" : "begins with", name,
                         quoted ? "remove the quotation marks" : "copy the line again without it");
    }
    return true;
}

/* Consumes the next word of the line. */
static struct slice take_word(const char **text, const char *end) {
    while (*text < end && is_blank(**text))
        ++*text;
    const char *start = *text;
    while (*text < end && !is_blank(**text))
        ++*text;
    return (struct slice){(const unsigned char *)start, (size_t)(*text - start)};
}

/* Text that does not look like a key type may be a secret, from a wrong file: it is not quoted. */
static char *show_type(struct slice word) {
    static const char *const beginnings[] = {"ssh-", "ecdsa-", "sk-"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        size_t length = strlen(beginnings[i]);
        if (word.length <= length || memcmp(word.data, beginnings[i], length) != 0)
            continue;
        scoped(alloc_release) char *text =
            name_printable((const char *)word.data, word.length, SHOWN_LIMIT);
        return alloc_printf("\"%s\"", text);
    }
    return alloc_string("this line");
}

static const struct key_type *find_type(struct slice word, enum public_key_owner owner,
                                        struct error *error) {
    for (size_t i = 0; i < sizeof key_types / sizeof key_types[0]; i++)
        if (slice_is(word, key_types[i].name) &&
            (owner == PUBLIC_KEY_OF_USER || !key_types[i].security_key))
            return &key_types[i];
    scoped(alloc_release) char *shown = show_type(word);
    error_set(error, ERROR_INVALID,
              "%s does not begin with an accepted key type such as ssh-ed25519 or ssh-rsa", shown);
    return NULL;
}

static int base64_value(unsigned char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Accepts canonical base64 only: padded, no blanks, no stray bits, so that a key has one spelling.
 */
static bool decode_base64(struct slice text, struct buffer *bytes) {
    if (text.length == 0 || text.length % BASE64_QUANTUM_BYTES != 0)
        return false;
    size_t padding = text.data[text.length - 1] != '='   ? 0
                     : text.data[text.length - 2] != '=' ? 1
                                                         : 2;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.length - padding; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xFFFF;
        held += 6;
        if (held >= 8) {
            held -= 8;
            buffer_putc(bytes, (char)(bits >> held & 0xFF));
        }
    }
    return (bits & ((1u << held) - 1)) == 0;
}

/* RFC 4251, 5: string = uint32 length, bytes */
static bool take_string(struct slice *blob, struct slice *string) {
    if (blob->length < 4)
        return false;
    const unsigned char *p = blob->data;
    size_t length = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (length > blob->length - 4)
        return false;
    *string = (struct slice){p + 4, length};
    *blob = (struct slice){p + 4 + length, blob->length - 4 - length};
    return true;
}

/* Parses a positive mpint in its canonical form (RFC 4251, 5): no sign bit, no leading zero byte.
 */
static bool take_number(struct slice *blob, struct slice *number) {
    if (!take_string(blob, number) || number->length == 0 || number->data[0] >= 0x80)
        return false;
    if (number->data[0] != 0)
        return true;
    bool needed = number->length > 1 && number->data[1] >= 0x80;
    *number = (struct slice){number->data + 1, number->length - 1};
    return needed;
}

static size_t bit_count(struct slice number) {
    size_t bits = number.length * 8;
    for (unsigned char top = number.data[0]; top < 0x80; top = (unsigned char)(top << 1))
        bits--;
    return bits;
}

static bool check_rsa(struct slice *blob, struct error *error) {
    struct slice exponent, modulus;
    if (!take_number(blob, &exponent) || exponent.length > RSA_EXPONENT_MAX ||
        exponent.data[exponent.length - 1] % 2 == 0 || bit_count(exponent) < 2 ||
        !take_number(blob, &modulus))
        return error_set(error, ERROR_INVALID, "the data of the RSA public key is damaged");
    size_t bits = bit_count(modulus);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return error_set(error, ERROR_INVALID,
                         "the RSA public key has %zu bits, but must have %u to %u", bits,
                         RSA_BITS_MIN, RSA_BITS_MAX);
    return true;
}

static bool check_point(struct slice *blob, const struct key_type *type) {
    struct slice curve, point;
    if (type->form == KEY_ED25519)
        return take_string(blob, &point) && point.length == ED25519_BYTES;
    return take_string(blob, &curve) && slice_is(curve, type->curve) && take_string(blob, &point) &&
           point.length == type->point_bytes && point.data[0] == UNCOMPRESSED_POINT;
}

static bool check_application(struct slice *blob) {
    struct slice application;
    if (!take_string(blob, &application) || application.length == 0 ||
        application.length > APPLICATION_MAX)
        return false;
    for (size_t i = 0; i < application.length; i++)
        if (application.data[i] <= 0x20 || application.data[i] >= 0x7F)
            return false;
    return true;
}

static bool check_blob(struct slice blob, const struct key_type *type, struct error *error) {
    struct slice inner;
    if (!take_string(&blob, &inner) || !slice_is(inner, type->name))
        return error_set(error, ERROR_INVALID,
                         "the public key says type %s, but its data is of another type",
                         type->name);
    if (type->form == KEY_RSA && !check_rsa(&blob, error))
        return false;
    if ((type->form != KEY_RSA && !check_point(&blob, type)) ||
        (type->security_key && !check_application(&blob)))
        return error_set(error, ERROR_INVALID, "the data of the %s public key is damaged",
                         type->name);
    if (blob.length > 0)
        return error_set(error, ERROR_INVALID, "the %s public key holds %zu byte%s too many",
                         type->name, blob.length, name_plural(blob.length));
    return true;
}

char *public_key_parse(const char *text, size_t length, enum public_key_owner owner,
                       struct error *error) {
    const char *end = text + length;
    while (text < end && is_blank(*text))
        text++;
    while (end > text && is_blank(end[-1]))
        end--;
    length = (size_t)(end - text);
    if (length == 0 || length > PUBLIC_KEY_LIMIT_BYTES) {
        error_set(error, ERROR_INVALID, "the public key is %s",
                  length ? "longer than 16 kB" : "empty");
        return NULL;
    }
    if (!refuse_other_formats(text, length, error) || !refuse_control_bytes(text, length, error) ||
        !refuse_unseen(text, length, error))
        return NULL;
    const struct key_type *type = find_type(take_word(&text, end), owner, error);
    if (!type)
        return NULL;
    struct slice base64 = take_word(&text, end);
    scoped(buffer_done) struct buffer blob = {0};
    if (!decode_base64(base64, &blob)) {
        error_set(error, ERROR_INVALID,
                  "the text after %s is not base64 of a whole key: copy the line again",
                  type->name);
        return NULL;
    }
    struct slice bytes = {(const unsigned char *)blob.data, blob.length};
    if (!check_blob(bytes, type, error))
        return NULL;
    return alloc_printf("%s %.*s", type->name, (int)base64.length, (const char *)base64.data);
}
