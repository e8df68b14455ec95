/* Writes the four documents that cloud-init's NoCloud data source reads. Pure: struct in, text
 * appended to a buffer. Strings are borrowed for the call.
 *
 * instance_id, hostname, ssh_public_key and mac are required. A value that cloud-init or YAML would
 * misread is quoted. Control characters, a "$" in the phone-home URL outside ${INSTANCE_ID}, and a
 * malformed id, hostname or MAC are errors. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "cloudinit/seed_document.h"

#include <stdbool.h>
#include <stdint.h>

struct document_user {
    const char *name;            /* home/cloud/user.h */
    const char *ssh_public_keys; /* a line for each */
};

struct document_nic { /* an additional card; routes of the first card precede its routes */
    const char *name; /* its name in the guest: cloud-init's networkd renderer applies the DHCP
                         settings only under that name (cloudinit/net/networkd.py) */
    const char *mac;
    const char *address; /* "10.1.0.5/24"; NULL: DHCP */
};

enum document_reader {
    DOCUMENT_CLOUD_INIT,
    DOCUMENT_NUAGEINIT, /* FreeBSD's: it knows only some keys, and some of them by other names
                           (nuageinit(7)); the others are omitted */
};

struct document_seed {
    enum document_reader reader;
    const char *instance_id;         /* [a-z0-9-] */
    const char *hostname;            /* RFC 1123 label */
    const char *admin_password_hash; /* "$6$…"; NULL: cloudadmin logs in by key only, ssh_pwauth is
                                        off */
    const char *ssh_public_key;      /* "type base64 comment" lines, of user ansible */
    const struct document_user *users; /* additional ones, who log in by key only */
    size_t user_count;
    const char *shell;    /* of all users; NULL: "/bin/bash" */
    const char *locale;   /* NULL: "C.UTF-8" */
    const char *timezone; /* NULL: "Etc/UTC" */
    bool package_upgrade; /* package_update and package_upgrade */
    bool keep_cache;      /* a guest seeded over HTTP keeps its identity when no server answers at a
                             later boot */
    bool merges;          /* user-data follows a document of the user and extends it (merge_how) */
    const char *phone_home_url; /* ends in ${INSTANCE_ID}; NULL: none */
    /* Where cloud-init posts the progress of the first boot (report.h), from its network stage on;
     * NULL: nowhere. No document has a "reporting" key, because that would apply to every later
     * boot too: in the local stage, before there is a network, and while no supervisor runs. Each
     * undelivered event would then be a warning, and from 23.4 on cloud-init reports itself
     * "degraded" for it. vendor-data's script (boothook.h) adds it to cloud-init's configuration of
     * this boot, before the network stage takes that up: from 24.3 on one process runs all stages,
     * and no later one does. */
    const char *report_url;
    /* Lines of hosts(5) for others that the guest is in a network with, which are taken over at
     * each boot unless the guest has newer ones; NULL: none. */
    const char *hosts;
    int64_t hosts_revision;
    /* network-config, version 2 */
    const char *mac;     /* 52:54:00:… */
    const char *address; /* "172.16.3.5/24"; NULL: DHCP */
    const char *gateway; /* may be NULL */
    const char *nameserver;
    const struct document_nic *additional_nics;
    size_t additional_nic_count;
};

struct document_host_key {
    const char *type;               /* "ed25519" */
    char *private_key, *public_key; /* NULL: the guest gets no key of this type */
};

bool document_write(enum seed_document document, const struct document_seed *seed,
                    struct buffer *text, struct error *error);

/* Writes a cloud-config with only these host keys. A guest that has it generates none itself. A
 * type without a key gets an empty public half: cc_phone_home reads a file for each of rsa, ecdsa
 * and ed25519, and one that is missing makes the state of cloud-init "degraded". */
bool document_write_host_keys(const struct document_host_key *keys, size_t count,
                              struct buffer *text, struct error *error);
