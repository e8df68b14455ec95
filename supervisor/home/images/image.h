/* Images of the home: import of a local file, verification and removal; and what is known of one by
 * its name. Those from the network are image_download. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/images/catalogue.h"
#include "home/images/image_form.h"
#include "home/images/image_progress.h"
#include "store/image_table.h"

#define IMAGE_SEED_NONE      "none"      /* from a drive only, as cloud-init 23.2 to 23.4 */
#define IMAGE_SEED_NUAGEINIT "nuageinit" /* FreeBSD's reader of seed drives: nuageinit(7) */

struct image_file { /* borrowed */
    const char *name, *path;
    const char *arch; /* NULL: guessed from the file's name, else the host's */
    /* What its cloud-init calls a seed over HTTP, or one of the words above; NULL: as the catalogue
     * says of this name, else "nocloud-net". */
    const char *seed_source;
    const char *shell; /* NULL: as the catalogue says of this name, else what most have */
    enum image_trust trust;
};
/* A copy of the file becomes an image of the home; see image_stage_take(). No trace is left on
 * failure. progress may be NULL. */
bool image_import(struct home *home, const struct image_file *file,
                  const struct image_progress *progress, struct error *error);
/* arch, seed_source and shell, as the import checks them. */
bool image_check_words(const struct image_file *from, struct error *error);

/* INSTANCE, INSTANCE …: those whose disks are over it; "" for none. Caller frees. */
char *image_dependents(struct home *home, const char *name, struct error *error);
char *image_path(const struct home *home, const struct store_image *image); /* caller frees */
/* It is to the byte what came into the home, and qemu-img finds nothing wrong with it. */
bool image_verify(struct home *home, const char *name, struct error *error);
/* Before a disk is made on it: qemu-img looks at one that came into the home before it was asked of
 * all, or that was adopted. Once. */
bool image_check_once(struct home *home, const struct store_image *image, struct error *error);
/* Refused while instances use it; names them. What is left of a download that broke off, or was not
 * what it should be, goes with it, or alone. */
bool image_remove(struct home *home, const char *name, struct error *error);

/* It takes a seed from a drive only. */
bool image_wants_drive(const struct store_image *image);
bool image_has_nuageinit(const struct store_image *image);

/* That of this home, with its own file; home may be NULL. */
bool image_catalogue(const struct home *home, struct catalogue *catalogue, struct error *error);
/* Fills what the catalogue knows of an image by its name. */
bool image_describe(const struct home *home, struct store_image *image, struct error *error);
/* Which architecture the name of a file or an address tells; NULL: none. */
const char *image_guess_arch(const char *file);
/* The one given, else the one that the name tells, else the host's. */
const char *image_choose_arch(const char *given, const char *file);
bool image_check_arch(const char *arch, struct error *error); /* NULL is fine */
