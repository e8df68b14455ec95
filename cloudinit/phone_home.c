#include "phone_home.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "cloudinit/public_key.h"

#include <stdlib.h>
#include <string.h>

#define ABSENT "N/A" /* cc_phone_home posts it for a missing value */

/* The destination of a field: a key slot or a name with its size. */
struct field {
    const char *name;
    enum phone_home_key key; /* PHONE_HOME_KEY_COUNT: a name */
    const char *key_type;    /* prefix of the keys that the slot accepts */
    size_t offset, size;
};

#define KEY_FIELD(name, slot, type)                                                                \
    { name, slot, type, 0, 0 }
#define NAME_FIELD(member)                                                                         \
    {                                                                                              \
#member, PHONE_HOME_KEY_COUNT, NULL, offsetof(struct phone_home, member),                  \
            sizeof((struct phone_home *)0)->member                                                 \
    }

static const struct field fields[] = {
    KEY_FIELD("pub_key_rsa", PHONE_HOME_RSA, "ssh-rsa "),
    KEY_FIELD("pub_key_ecdsa", PHONE_HOME_ECDSA, "ecdsa-sha2-"),
    KEY_FIELD("pub_key_ed25519", PHONE_HOME_ED25519, "ssh-ed25519 "),
    NAME_FIELD(instance_id),
    NAME_FIELD(hostname),
    NAME_FIELD(fqdn),
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* A form is printable ASCII; other bytes must be encoded as %XX, and %00 is never valid. */
static bool decode(const char *text, size_t length, struct buffer *decoded, struct error *error) {
    for (size_t i = 0; i < length; i++) {
        unsigned char raw = (unsigned char)text[i];
        if (raw <= 0x20 || raw >= 0x7F)
            return error_set(error, ERROR_INVALID, "the form holds the raw byte 0x%02x", raw);
        char c = text[i];
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = i + 2 < length ? hex_value(text[i + 1]) : -1;
            int low = i + 2 < length ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0)
                return error_set(error, ERROR_INVALID, "the form holds a bad %%-escape");
            c = (char)(high * 16 + low);
            i += 2;
        }
        buffer_putc(decoded, c);
    }
    return true;
}

/* A key that is not exactly one valid host key counts as absent: the others are still usable. */
static void take_key(struct phone_home *form, const struct field *field, struct buffer *value) {
    char *key = public_key_parse(value->data, value->length, PUBLIC_KEY_OF_HOST, NULL);
    if (key && strncmp(key, field->key_type, strlen(field->key_type)) != 0)
        alloc_release(&key);
    form->keys[field->key] = key;
}

static bool take_value(struct phone_home *form, const struct field *field, struct buffer *value,
                       struct error *error) {
    buffer_append(value, "", 0); /* data is never NULL from here on */
    if (strcmp(value->data, ABSENT) == 0)
        return true;
    if (field->key < PHONE_HOME_KEY_COUNT) {
        take_key(form, field, value);
        return true;
    }
    if (value->length >= field->size)
        return error_set(error, ERROR_INVALID, "the form's %s is longer than %zu bytes",
                         field->name, field->size - 1);
    memcpy((char *)form + field->offset, value->data, value->length + 1);
    return true;
}

/* Parses one "name=value". An unknown name is checked, then ignored. */
static bool take_pair(struct phone_home *form, const char *pair, size_t length,
                      bool seen[FIELD_COUNT], struct error *error) {
    const char *equals = memchr(pair, '=', length);
    if (!equals)
        return error_set(error, ERROR_INVALID, "the form holds a field without \"=\"");
    scoped(buffer_done) struct buffer name = {0};
    scoped(buffer_done) struct buffer value = {0};
    size_t name_length = (size_t)(equals - pair);
    if (!decode(pair, name_length, &name, error) ||
        !decode(equals + 1, length - name_length - 1, &value, error))
        return false;
    for (size_t i = 0; i < FIELD_COUNT && name.data; i++)
        if (!seen[i] && strcmp(name.data, fields[i].name) == 0) {
            seen[i] = true;
            return take_value(form, &fields[i], &value, error);
        }
    return true;
}

static bool take_pairs(struct phone_home *form, const char *body, size_t length,
                       struct error *error) {
    bool seen[FIELD_COUNT] = {false};
    const char *end = body + length;
    while (body < end) {
        const char *ampersand = memchr(body, '&', (size_t)(end - body));
        const char *stop = ampersand ? ampersand : end;
        if (!take_pair(form, body, (size_t)(stop - body), seen, error))
            return false;
        body = ampersand ? ampersand + 1 : end;
    }
    return true;
}

bool phone_home_parse(const char *body, size_t length, struct phone_home *form,
                      struct error *error) {
    *form = (struct phone_home){0};
    if (length > PHONE_HOME_LIMIT_BYTES)
        return error_set(error, ERROR_INVALID, "the form is longer than %u bytes",
                         PHONE_HOME_LIMIT_BYTES);
    if (take_pairs(form, body, length, error))
        return true;
    phone_home_done(form);
    return false;
}

void phone_home_done(struct phone_home *form) {
    for (int i = 0; i < PHONE_HOME_KEY_COUNT; i++)
        free(form->keys[i]);
    *form = (struct phone_home){0};
}
