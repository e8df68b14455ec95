/* manifest.json of a backup: what was backed up, of which machine, and the digest of each file.
 *
 * A backup is a folder NAME-YYYYMMDDTHHMMSSZ with manifest.json and the files that it lists, called
 * as in an INSTANCEDIR (home/layout.h): os.qcow2, disk-NAME.qcow2, host-keys/…, cloud-init/….
 * os.qcow2 of a thin backup is over the image that the manifest names by its SHA-256; every other
 * disk is self-contained. What is being made is called NAME-….part.
 *
 * The text may come from anybody: it is read within the limits here, and what is wrong is one
 * sentence. Read it by backup_reader.h. Pure. */
#pragma once

#include "base/error.h"
#include "base/secret.h"
#include "home/facts.h"
#include "store/guest_table.h"

#include <stddef.h>
#include <stdint.h>

#define BACKUP_MANIFEST              "manifest.json"
#define BACKUP_MANIFEST_FORMAT       "pgsup-backup"
#define BACKUP_MANIFEST_VERSION      1
#define BACKUP_MANIFEST_LIMIT_BYTES  (1u << 20)
#define BACKUP_FILES_MAX             64u
#define BACKUP_SMALL_LIMIT_BYTES     (4u << 20) /* of a file that is no disk */
#define BACKUP_MANIFEST_VCPU_MAX     64
#define BACKUP_MANIFEST_RAM_MIB_MAX  (UINT64_C(1) << 30)
#define BACKUP_MANIFEST_DISK_MAX     (UINT64_C(16) << 40)
#define BACKUP_MANIFEST_FORWARDS_MAX 64
#define BACKUP_PART                  ".part"

enum backup_kind { BACKUP_THIN, BACKUP_FULL };
/* In which moment of the guest it was taken: off, its file systems frozen, or as after a power
 * cut. */
enum backup_moment { BACKUP_STOPPED, BACKUP_FROZEN, BACKUP_CRASH };
extern const struct word_set backup_kind_words, backup_moment_words;

struct backup_file {
    char *path; /* within the backup */
    uint64_t bytes;
    char sha256[SECRET_SHA256_SIZE];
    bool edited;     /* its user wrote it: it is not made again from the definition */
    bool over_image; /* a disk that needs the image */
};
struct backup_manifest {
    int64_t created_ms;
    enum backup_kind kind;
    enum backup_moment moment;
    bool automatic;              /* by --backup-every, so that --backup-keep counts it */
    char *home;                  /* backup_make.h: that of a copied home is another; NULL */
    char *pgsup;                 /* versions */
    char *qemu;                  /* "7.2.22" */
    char *network;               /* of the cloud: machine/core/spec.h, spec_network_word() */
    char *description;           /* of the moment, for a person; NULL */
    struct instance_facts facts; /* its cloud is empty; ids are 0 */
    struct store_guest guest;
    struct backup_file *files;
    size_t file_count;
};

char *backup_manifest_encode(const struct backup_manifest *manifest); /* caller frees */
/* Only the form is checked: backup_reader_decode() does the rest. ERROR_INVALID, whose sentence is
 * to follow the file's name: "has no …". */
bool backup_manifest_parse(const char *text, size_t length, struct backup_manifest *manifest,
                           struct error *error);
void backup_manifest_done(struct backup_manifest *manifest);

void backup_manifest_add(struct backup_manifest *manifest, const struct backup_file *file);
/* NULL: it has none of this path. */
const struct backup_file *backup_manifest_find(const struct backup_manifest *manifest,
                                               const char *path);
