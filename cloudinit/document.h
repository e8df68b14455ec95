/* The four documents that cloud-init's NoCloud data source reads, written through libyaml. Pure:
 * struct in, text out, appended to what the buffer holds. Borrowed strings, nothing kept.
 *
 * instance_id, hostname, ssh_public_key and mac are required. A value that cloud-init or YAML would
 * take for something else is quoted; one that cannot stand in a seed (control characters, a "$" in
 * the phone-home URL that is not ${INSTANCE_ID}, a malformed id, hostname or MAC) is an error. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "cloudinit/route.h"

#include <stdbool.h>

struct document_user {
    const char *name;            /* home/user.h */
    const char *ssh_public_keys; /* a line for each */
};

struct document_nic { /* a card beside the first one; its routes come after the first one's */
    const char *name; /* as guests call it: cloud-init's networkd renderer takes what is said of
                         DHCP only under that name (cloudinit/net/networkd.py) */
    const char *mac;
    const char *address; /* "10.1.0.5/24"; NULL: DHCP */
};

enum document_reader {
    DOCUMENT_CLOUD_INIT,
    DOCUMENT_NUAGEINIT, /* FreeBSD's, which knows some of the keys only, and some by other names:
                           nuageinit(7). What it does not know is left out. */
};

struct document_seed {
    enum document_reader reader;
    const char *instance_id;         /* [a-z0-9-] */
    const char *hostname;            /* RFC 1123 label */
    const char *admin_password_hash; /* "$6$…"; NULL: cloudadmin comes in by key only, ssh_pwauth
                                        off */
    const char *ssh_public_key;      /* "type base64 comment" lines, of user ansible */
    const struct document_user *users; /* more of them; by key only */
    size_t user_count;
    const char *shell;    /* of all users; "/bin/bash" when NULL */
    const char *locale;   /* "C.UTF-8" when NULL */
    const char *timezone; /* "Etc/UTC" when NULL */
    bool package_upgrade; /* package_update and package_upgrade */
    bool keep_cache;      /* manual_cache_clean: a guest seeded over HTTP keeps its identity when no
                             server answers at a later boot */
    bool merges; /* user-data stands behind a document of its user, and adds to it (merge_how) */
    const char *phone_home_url; /* ends in ${INSTANCE_ID}; NULL: none */
    /* Where cloud-init posts how the first boot goes (report.h), from the stage modules-config on;
     * NULL: nowhere. Not a "reporting" of the document itself: that would be in force at every
     * later boot too, in the local stage as well, where there is no network yet, and when no
     * supervisor runs. Each event that is not taken is a warning then, for which cloud-init calls
     * itself "degraded" from 23.4 on. In cloud-init's configuration for this boot it is in force
     * from the stage that follows, and gone with the boot. */
    const char *report_url;
    /* network-config, version 2 */
    const char *mac;     /* 52:54:00:… */
    const char *address; /* "172.16.3.5/24"; NULL: DHCP */
    const char *gateway; /* may be NULL */
    const char *nameserver;
    const struct document_nic *additional_nics;
    size_t additional_nic_count;
};

struct document_host_key {
    const char *type; /* "ed25519" */
    char *private_key, *public_key;
};

bool document_write(enum seed_document document, const struct document_seed *seed,
                    struct buffer *text, struct error *error);

/* A cloud-config with these host keys and nothing else: a guest that has it makes none itself. */
bool document_write_host_keys(const struct document_host_key *keys, size_t count,
                              struct buffer *text, struct error *error);
