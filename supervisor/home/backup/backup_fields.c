#include "home/backup/backup_fields.h"

#include "base/alloc.h"
#include "base/secret.h"

#include <string.h>

/* --- writing --- */

static json_t *text_of(const char *text) {
    json_t *value = text ? json_string(text) : NULL;
    return value ? value : json_null();
}

static json_t *value_of(const struct backup_field *field, const void *place) {
    switch (field->type) {
    case BACKUP_FIELD_TEXT:
    case BACKUP_FIELD_OPTIONAL: return text_of(*(char *const *)place);
    case BACKUP_FIELD_HEX: return text_of(place);
    case BACKUP_FIELD_U64:
    case BACKUP_FIELD_OPTIONAL_U64: return json_integer((json_int_t) * (const uint64_t *)place);
    case BACKUP_FIELD_U16: return json_integer(*(const uint16_t *)place);
    case BACKUP_FIELD_I64: return json_integer((json_int_t) * (const int64_t *)place);
    case BACKUP_FIELD_INT: return json_integer(*(const int *)place);
    case BACKUP_FIELD_BOOL: return json_boolean(*(const bool *)place);
    case BACKUP_FIELD_WORD: return text_of(field->words->words[*(const int *)place]);
    }
    return json_null();
}

json_t *backup_fields_write(const struct backup_field *fields, const void *object) {
    json_t *to = json_object();
    for (const struct backup_field *field = fields; field->key; field++)
        json_object_set_new(to, field->key, value_of(field, (const char *)object + field->offset));
    return to;
}

/* --- reading --- */

static bool take_text(const json_t *value, size_t limit, void *place) {
    if (!json_is_string(value) || json_string_length(value) > limit)
        return false;
    *(char **)place = alloc_string(json_string_value(value));
    return true;
}

static bool is_digest(const json_t *value) {
    const char *text = json_string_value(value);
    return text && strlen(text) == SECRET_SHA256_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == SECRET_SHA256_SIZE - 1;
}

static bool field_number(const struct backup_field *field, const json_t *value, void *place) {
    json_int_t number = json_integer_value(value);
    uint64_t max = field->max ? field->max : INT64_MAX;
    if (!json_is_integer(value) || number < 0 || (uint64_t)number > max)
        return false;
    if (field->type == BACKUP_FIELD_U64 || field->type == BACKUP_FIELD_OPTIONAL_U64)
        *(uint64_t *)place = (uint64_t)number;
    else if (field->type == BACKUP_FIELD_I64)
        *(int64_t *)place = number;
    else if (field->type == BACKUP_FIELD_INT && number <= INT32_MAX)
        *(int *)place = (int)number;
    else if (field->type == BACKUP_FIELD_U16 && number <= UINT16_MAX)
        *(uint16_t *)place = (uint16_t)number;
    else
        return false;
    return true;
}

static bool field_value(const struct backup_field *field, const json_t *value, void *place) {
    switch (field->type) {
    case BACKUP_FIELD_TEXT: return take_text(value, BACKUP_FIELDS_TEXT_LIMIT_BYTES, place);
    case BACKUP_FIELD_OPTIONAL:
        return !value || json_is_null(value) ||
               take_text(value, BACKUP_FIELDS_TEXT_LIMIT_BYTES, place);
    case BACKUP_FIELD_OPTIONAL_U64: return !value || field_number(field, value, place);
    case BACKUP_FIELD_HEX:
        if (is_digest(value))
            memcpy(place, json_string_value(value), SECRET_SHA256_SIZE);
        return is_digest(value);
    case BACKUP_FIELD_BOOL: *(bool *)place = json_is_true(value); return json_is_boolean(value);
    case BACKUP_FIELD_WORD: return word_set_find(field->words, json_string_value(value), place);
    default: return field_number(field, value, place);
    }
}

bool backup_fields_read(const struct backup_field *fields, const json_t *from, const char *what,
                        void *object, struct error *error) {
    if (!json_is_object(from))
        return error_set(error, ERROR_INVALID, "does not describe %s", what);
    for (const struct backup_field *field = fields; field->key; field++) {
        const json_t *value = json_object_get(from, field->key);
        if (!field_value(field, value, (char *)object + field->offset))
            return error_set(error, ERROR_INVALID, "has %s \"%s\" for %s",
                             value ? "a wrong value of" : "no", field->key, what);
    }
    return true;
}
