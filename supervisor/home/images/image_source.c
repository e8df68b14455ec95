#include "home/images/image_source.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/name.h"
#include "home/images/download.h"
#include "home/images/newest.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE_BYTES_MIN (UINT64_C(1) << 20) /* a page that asks to sign in is smaller */

static bool resolve(const struct catalogue_file *file, struct image_source *source,
                    struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    struct newest newest;
    if (!download_text(file->listing, CHECKSUM_FILE_LIMIT_BYTES, &text, error))
        return false;
    if (!newest_find(file->url, text.data ? text.data : "", &newest, error))
        return error_prefix(error, "%s", file->listing);
    source->url = newest_address(file->url, &newest);
    source->checksums = newest_address(file->checksums, &newest);
    return true;
}

bool image_source_find(const struct catalogue_image *image, enum spec_arch arch,
                       struct image_source *source, struct error *error) {
    const struct catalogue_file *file = &image->files[arch];
    *source = (struct image_source){.digest = file->checksums ? image->digest : CATALOGUE_SHA256};
    if (!file->url)
        return error_set(error, ERROR_NOT_FOUND, "%s is not published for %s", image->title,
                         spec_arch_word(arch));
    if (file->listing)
        return resolve(file, source, error);
    source->url = alloc_string(file->url);
    source->checksums = alloc_string(file->checksums);
    source->sha256 = alloc_string(file->sha256);
    return true;
}

bool image_source_digest(const struct image_source *source, char hex[CHECKSUM_HEX_SIZE],
                         struct error *error) {
    const struct checksum checksum = {source->checksums, source->sha256, source->digest,
                                      source->url};
    scoped(buffer_done) struct buffer text = {0};
    hex[0] = 0;
    if (!checksum.url) {
        strncat(hex, source->sha256 ? source->sha256 : "", CHECKSUM_HEX_SIZE - 1);
        return true;
    }
    return download_text(checksum.url, CHECKSUM_FILE_LIMIT_BYTES, &text, error) &&
           (checksum_find(&checksum, text.data ? text.data : "", text.length, hex, error) ||
            error_prefix(error, "%s", checksum.url));
}

bool image_source_check(const struct catalogue_image *image, enum spec_arch arch,
                        struct image_source *source, uint64_t *bytes, struct error *error) {
    char hex[CHECKSUM_HEX_SIZE];
    *bytes = 0;
    if (!image_source_find(image, arch, source, error) ||
        !image_source_digest(source, hex, error) || !download_probe(source->url, bytes, error))
        return false;
    return *bytes == 0 || *bytes >= IMAGE_BYTES_MIN ||
           error_set(error, ERROR_INVALID, "%s has %llu byte%s, which is no image", source->url,
                     (unsigned long long)*bytes, name_plural(*bytes));
}

void image_source_done(struct image_source *source) {
    free(source->url);
    free(source->checksums);
    free(source->sha256);
    *source = (struct image_source){0};
}
