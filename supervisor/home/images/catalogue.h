/* The cloud images that can be downloaded by name: those of images.yaml, which is compiled in, and
 * of PATH/images.yaml, which adds to them and replaces those of the same name. images.yaml says
 * what the fields mean. A file that cannot be used is an error with its name and line; nothing of
 * it is taken then. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CATALOGUE_ARCH_COUNT       2
#define CATALOGUE_FILE_LIMIT_BYTES (1u << 20)

enum catalogue_digest { CATALOGUE_SHA256, CATALOGUE_SHA512 };
enum catalogue_packing { CATALOGUE_PLAIN, CATALOGUE_XZ, CATALOGUE_ZSTD };

struct catalogue_file { /* url NULL: not published for this architecture */
    char *url;          /* "*" in it stands for the newest version in the listing: newest.h */
    char *listing;      /* address of a text that has the names; NULL: url is one file */
    char *checksums;    /* address of the publisher's checksum file; NULL: sha256 is set */
    char *sha256;
};

struct catalogue_image { /* all owned by the catalogue */
    char *name;
    char *title;
    char *user;
    char *seed_source;
    char *shell; /* NULL: /bin/bash */
    bool phones_home;
    uint64_t min_disk_bytes, min_ram_mib;
    bool is_raw; /* else qcow2 */
    enum catalogue_packing packing;
    enum catalogue_digest digest;
    struct catalogue_file files[CATALOGUE_ARCH_COUNT]; /* by enum spec_arch */
};

struct catalogue {
    struct catalogue_image *items;
    size_t count;
};

/* file: the home's own, which need not exist. */
bool catalogue_load(const char *file, struct catalogue *catalogue, struct error *error);
/* Pure: adds what a text says; file is for the sentences. */
bool catalogue_read(const char *file, const void *text, size_t length, struct catalogue *catalogue,
                    struct error *error);
void catalogue_done(struct catalogue *catalogue);

const struct catalogue_image *catalogue_find(const struct catalogue *catalogue,
                                             const char *name); /* NULL: not in it */
/* The names, comma separated, for messages; caller frees. */
char *catalogue_names(const struct catalogue *catalogue);

bool catalogue_is_seed_source(const char *word);
bool catalogue_is_shell(const char *path); /* absolute, nothing that needs quoting */
const char *catalogue_format_word(const struct catalogue_image *image); /* "raw.xz" */
/* "qcow2", "raw.xz" …: false when it is none of them. */
bool catalogue_parse_format(const char *word, struct catalogue_image *image);
bool catalogue_is_url(const char *text); /* http:// or https:// */
bool catalogue_is_sha256(const char *text);
