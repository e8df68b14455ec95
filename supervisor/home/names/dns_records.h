/* What is in the DNS because of this home: PATH/dns/records, a line for each address of a name,
 *
 *     told 172.16.3.5 test lab.example.org 192.0.2.53 /home/me/lab.key
 *
 * "telling" stands there before the server is asked, so that a crash in between leaves no name in
 * the DNS that nobody knows of. The key is of the time of the update, or "-". Written whole. */
#pragma once

#include "base/buffer.h"
#include "home/home.h"

#include <stddef.h>

#define DNS_RECORDS_LIMIT_BYTES (4u << 20)

struct dns_record {
    bool told; /* and the server took it */
    char *address, *name, *zone, *server;
    char *key; /* NULL: none */
};
struct dns_records {
    struct dns_record *items;
    size_t count;
};

/* No file: no records. A line that is not as above is an error that names it. */
bool dns_records_read(const struct home *home, struct dns_records *records, struct error *error);
bool dns_records_write(const struct home *home, const struct dns_records *records,
                       struct error *error);
void dns_records_done(struct dns_records *records);

/* The text of the file. Pure. */
bool dns_records_parse(const char *text, struct dns_records *records, struct error *error);
void dns_records_format(const struct dns_records *records, struct buffer *text);

/* Of the same name in the same zone of the same server. */
bool dns_records_is_same_name(const struct dns_record *one, const struct dns_record *other);
/* The record with that name and address; NULL: none. */
struct dns_record *dns_records_find(const struct dns_records *records,
                                    const struct dns_record *like);
void dns_records_add(struct dns_records *records, const struct dns_record *record); /* copies */
void dns_records_remove(struct dns_records *records, size_t index);
/* All of that name. */
void dns_records_drop(struct dns_records *records, const struct dns_record *like);
