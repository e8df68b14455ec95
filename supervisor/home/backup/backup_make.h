/* A backup being made: a folder DIR/NAME-TIME.part that is filled, and renamed when all of it is on
 * the disk. Blocking; knows no QEMU that runs: whoever does copies the disks of a running VM to
 * what backup_disk_create() made.
 *
 * backup_begin(); the disks, by backup_copy_disks() or one by one; backup_finish(). Then
 * backup_end() in every case, which removes what is not finished. */
#pragma once

#include "home/backup/backup_manifest.h"
#include "home/home.h"

struct backup_options {
    const char *folder; /* DIR, absolute */
    enum backup_kind kind;
    bool automatic;
    uint64_t limit_bytes; /* a second; 0: none */
    const char *pgsup;    /* the version of this program */
};
struct backup_disk {
    char *file;                      /* its name, here and in INSTANCEDIR */
    char *source;                    /* absolute */
    char *target;                    /* absolute: what is written first */
    bool over_image;                 /* it is */
    char sha256[SECRET_SHA256_SIZE]; /* of what is in the backup and on the disk; "": not yet */
};
struct backup_making { /* all owned; home and options borrowed */
    struct home *home;
    const struct backup_options *options;
    struct backup_manifest manifest;
    char *image; /* path of the image */
    char *final, *part;
    int lock;                  /* on part */
    struct backup_disk *disks; /* the one that it boots from first */
    size_t disk_count;
};

/* Removes what a killed one left there of this instance. */
bool backup_begin(struct backup_making *making, const char *name, struct error *error);
void backup_end(struct backup_making *making);

/* All disks of an instance that does not run and is locked. */
bool backup_copy_disks(struct backup_making *making, struct error *error);
/* The same of one disk that no QEMU has open. */
bool backup_disk_copy(const struct backup_making *making, struct backup_disk *disk,
                      struct error *error);
/* An empty target of the same size; then, when all that the disk has above its image was copied
 * there, what the kind of backup asks for is made of it. */
bool backup_disk_create(const struct backup_making *making, const struct backup_disk *disk,
                        struct error *error);
bool backup_disk_complete(const struct backup_making *making, const struct backup_disk *disk,
                          struct error *error);

/* Documents, digests, manifest; all is synced and renamed. */
bool backup_finish(struct backup_making *making, enum backup_moment moment, struct error *error);
