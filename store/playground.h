/* Reads the database of an mrmat-playground home, which pgsup imports: cloud.sqlite3 with the
 * tables cloud(name, admin_password, public_key_path), network(host_if, host_ip4, host_nm4,
 * host_gw4, host_ns4, ph_port) and instances(instance_id, name, path, mac), whose columns have no
 * types. Never writes. Only the number and the length of the texts are checked. */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define PLAYGROUND_INSTANCES_LIMIT  10000u
#define PLAYGROUND_TEXT_LIMIT_BYTES 4096

struct playground_instance {
    int64_t instance_id;
    char *name, *path, *mac; /* NULL: absent */
};
struct playground {
    char *name, *admin_password, *public_key_path; /* the password in clear text */
    char *host_if, *host_ip4, *host_nm4, *host_gw4, *host_ns4, *ph_port;
    struct playground_instance *instances; /* by instance_id */
    size_t count;
};

enum playground_kind { PLAYGROUND_UNREADABLE, PLAYGROUND_OLD, PLAYGROUND_PGSUP };

/* PLAYGROUND_UNREADABLE sets the error: absent, damaged, or of another program. */
enum playground_kind playground_kind(const char *database, struct error *error);
bool playground_read(const char *database, struct playground *playground, struct error *error);
void playground_done(struct playground *playground); /* wipes the password */
