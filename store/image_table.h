/* Images: read-only files in images/ that instances use as backing files. */
#pragma once

#include "store/store.h"

#include <stddef.h>

struct store_image {
    int64_t id;
    char *name;
    char *file;         /* name inside images/ */
    char *format;       /* "qcow2" */
    char *arch;         /* "aarch64" */
    char *sha256;       /* of the file as stored */
    char *origin;       /* path or URL it came from */
    char *default_user; /* the publisher's account; NULL: unknown */
    char *seed_source;  /* "nocloud-net", "nocloud" (cloud-init >= 24.1 deprecates the former),
                           "none", "nuageinit": home/images/image.h */
    char *shell;        /* login shell of the accounts that the seed creates; NULL: /bin/bash */
    uint64_t file_bytes, virtual_bytes;
    uint64_t min_disk_bytes, min_ram_mib; /* what it needs at least; 0: unknown */
    bool phones_home;                     /* its cloud-init reports when it is ready */
    int64_t created_ms;
    int64_t checked_ms; /* when `qemu-img check` passed; 0: not yet */
};
struct store_images {
    struct store_image *items;
    size_t count;
};

bool image_table_add(struct store *store, struct store_image *image,
                     struct error *error); /* sets id */
bool image_table_get(struct store *store, const char *name, struct store_image *image,
                     struct error *error);
bool image_table_list(struct store *store, struct store_images *images, struct error *error);
bool image_table_set_checked(struct store *store, const char *name, int64_t checked_ms,
                             struct error *error);
bool image_table_remove(struct store *store, const char *name, struct error *error);
void store_image_done(struct store_image *image);
void store_images_done(struct store_images *images);
