/* What a backup has, put into a folder that is, or becomes, an INSTANCEDIR. The backup was checked
 * before. Blocking. */
#pragma once

#include "home/backup/backup_manifest.h"
#include "home/home.h"

struct backup_place {
    const struct home *home;
    const char *from; /* the backup's folder */
    const struct backup_manifest *manifest;
    const char *to;                  /* it exists */
    const struct store_image *image; /* over which the disk is to be */
    bool image_is_disk;              /* … and which is the disk of the backup itself */
};

/* The image of this home that the backup is over, or that was made of its disk; ERROR_NOT_FOUND:
 * there is none. What it has is read, so that nothing is put over what is damaged: false. */
bool backup_place_find_image(struct home *home, const struct backup_manifest *manifest,
                             struct store_image *image, bool *is_disk, struct error *error);
/* Reads the file of an image that has a digest. */
bool backup_place_image_is_sound(const struct home *home, const struct store_image *image,
                                 struct error *error);
bool backup_place_disks(const struct backup_place *place, struct error *error);
/* Those that its user wrote: the others are made again. */
bool backup_place_documents(const struct backup_place *place, struct error *error);
bool backup_place_host_keys(const struct backup_place *place, struct error *error);
/* The file of the backup, if it has it, under this name. */
bool backup_place_file(const struct backup_place *place, const char *path, const char *name,
                       struct error *error);
