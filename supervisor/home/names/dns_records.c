#include "home/names/dns_records.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "dns/records"

/* --- the list --- */

static void record_done(struct dns_record *record) {
    free(record->address);
    free(record->name);
    free(record->zone);
    free(record->server);
    free(record->key);
}

void dns_records_done(struct dns_records *records) {
    for (size_t i = 0; i < records->count; i++)
        record_done(&records->items[i]);
    free(records->items);
    *records = (struct dns_records){0};
}

bool dns_records_is_same_name(const struct dns_record *one, const struct dns_record *other) {
    return strcmp(one->name, other->name) == 0 && strcmp(one->zone, other->zone) == 0 &&
           strcmp(one->server, other->server) == 0;
}

struct dns_record *dns_records_find(const struct dns_records *records,
                                    const struct dns_record *like) {
    for (size_t i = 0; i < records->count; i++)
        if (dns_records_is_same_name(&records->items[i], like) &&
            strcmp(records->items[i].address, like->address) == 0)
            return &records->items[i];
    return NULL;
}

void dns_records_add(struct dns_records *records, const struct dns_record *record) {
    records->items = alloc_resize(records->items, (records->count + 1) * sizeof *records->items);
    records->items[records->count++] = (struct dns_record){
        .told = record->told,
        .address = alloc_string(record->address),
        .name = alloc_string(record->name),
        .zone = alloc_string(record->zone),
        .server = alloc_string(record->server),
        .key = alloc_string(record->key),
    };
}

void dns_records_remove(struct dns_records *records, size_t index) {
    struct dns_record *gone = &records->items[index];
    record_done(gone);
    memmove(gone, gone + 1, (--records->count - index) * sizeof *gone);
}

void dns_records_drop(struct dns_records *records, const struct dns_record *like) {
    for (size_t i = records->count; i-- > 0;)
        if (dns_records_is_same_name(&records->items[i], like))
            dns_records_remove(records, i);
}

/* --- the file --- */

static char *take_word(const char **line, size_t *length) { /* caller frees; NULL: none is left */
    const char *end = memchr(*line, ' ', *length);
    size_t size = end ? (size_t)(end - *line) : 0;
    if (size == 0)
        return NULL;
    char *word = alloc_slice(*line, size);
    *line += size + 1;
    *length -= size + 1;
    return word;
}

static bool parse_line(const char *line, size_t length, struct dns_record *record) {
    scoped(alloc_release) char *state = take_word(&line, &length);
    char **const words[] = {&record->address, &record->name, &record->zone, &record->server};
    uint32_t ip4;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        *words[i] = state ? take_word(&line, &length) : NULL;
    record->key = length == 1 && *line == '-' ? NULL : alloc_slice(line, length);
    record->told = state && strcmp(state, "told") == 0;
    return (record->told || (state && strcmp(state, "telling") == 0)) && record->server &&
           length > 0 && name_parse_ip4(record->address, &ip4) &&
           name_check_label("name", record->name, NULL);
}

bool dns_records_parse(const char *text, struct dns_records *records, struct error *error) {
    for (size_t number = 1; *text; number++) {
        size_t length = strcspn(text, "\n");
        struct dns_record record = {0};
        bool good = parse_line(text, length, &record);
        if (good)
            dns_records_add(records, &record);
        record_done(&record);
        if (!good)
            return error_set(
                error, ERROR_FAILED,
                "line %zu was not written by pgsup: remove the names in this file from the "
                "DNS by hand, then remove the file",
                number);
        text += length + (text[length] == '\n');
    }
    return true;
}

void dns_records_format(const struct dns_records *records, struct buffer *text) {
    for (size_t i = 0; i < records->count; i++) {
        const struct dns_record *each = &records->items[i];
        buffer_printf(text, "%s %s %s %s %s %s\n", each->told ? "told" : "telling", each->address,
                      each->name, each->zone, each->server, each->key ? each->key : "-");
    }
}

bool dns_records_read(const struct home *home, struct dns_records *records, struct error *error) {
    scoped(alloc_release) char *path = home_file(home, FILE_NAME);
    scoped(buffer_done) struct buffer text = {0};
    return !file_exists(path) || (file_read(path, DNS_RECORDS_LIMIT_BYTES, &text, error) &&
                                  (dns_records_parse(text.data ? text.data : "", records, error) ||
                                   error_prefix(error, "%s", path)));
}

bool dns_records_write(const struct home *home, const struct dns_records *records,
                       struct error *error) {
    scoped(alloc_release) char *path = home_file(home, FILE_NAME);
    scoped(buffer_done) struct buffer text = {0};
    dns_records_format(records, &text);
    return file_keep(path, text.data ? text.data : "", text.length, 0600, error);
}
