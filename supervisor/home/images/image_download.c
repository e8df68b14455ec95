#include "home/images/image_download.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/platform.h"
#include "home/images/catalogue.h"
#include "home/images/checksum.h"
#include "home/images/download.h"
#include "home/images/image.h"
#include "home/images/image_source.h"
#include "home/images/image_stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT "; the partial download is kept, and the same command resumes it"

/* Of the catalogue, for the architecture of this host. */
static bool find_source(const struct catalogue *catalogue, const char *name,
                        struct image_source *source, struct error *error) {
    enum spec_arch arch = SPEC_AARCH64;
    spec_arch_from_word(platform_architecture(), &arch);
    const struct catalogue_image *known = catalogue_find(catalogue, name);
    if (known)
        return image_source_find(known, arch, source, error);
    scoped(alloc_release) char *names = catalogue_names(catalogue);
    return error_set(
        error, ERROR_NOT_FOUND,
        "\"%.63s\" is not a known image: choose one of %s, or use `pgsup image import`", name,
        names);
}

/* What is not what its publisher says is kept for its user to look at, under a name that is no
 * image's. */
static bool put_aside(struct image_stage *stage, const struct image_source *source,
                      struct error *error) {
    scoped(alloc_release) char *aside = alloc_printf("%s.mismatch", stage->part);
    stage->lock_moved = rename(stage->part, aside) == 0;
    return error_set(error, ERROR_FAILED,
                     "%s does not have its publisher's %s, so it is not used: it was damaged in "
                     "transit, or the publisher is replacing it right now; try again later (the "
                     "download is kept as %s)",
                     source->url, checksum_word(source->digest),
                     stage->lock_moved ? aside : "removed");
}

/* With what it must be known, a transfer that fails leaves what it brought for the next one. */
static bool transfer(struct image_stage *stage, const struct download *download,
                     struct error *error) {
    struct error problem = {0};
    if (download_fetch(download, &problem))
        return true;
    stage->keeps_part = download->resumes && lseek(stage->lock, 0, SEEK_END) > 0 &&
                        problem.code != ERROR_INVALID && problem.code != ERROR_NOT_FOUND;
    return error_set(error, problem.code, "%s%s", problem.text, stage->keeps_part ? KEPT : "");
}

/* Pieces that do not fit together are of two builds of the image, or their server is wrong about
 * them: then once more from the beginning. */
static bool fetch_known(struct image_stage *stage, const struct image_source *source,
                        const char *expected, const struct image_progress *progress,
                        struct error *error) {
    char actual[CHECKSUM_HEX_SIZE];
    bool pieced = lseek(stage->lock, 0, SEEK_END) > 0;
    const struct download download = {.url = source->url,
                                      .fd = stage->lock,
                                      .limit_bytes = DOWNLOAD_LIMIT_BYTES,
                                      .resumes = true,
                                      .progress = progress,
                                      .pieced = &pieced};
    for (bool again = false;; again = true) {
        if (!transfer(stage, &download, error))
            return false;
        stage->keeps_part = true; /* also if its checksum is interrupted */
        if (!checksum_of_file(source->digest, stage->part, actual, error))
            return false;
        stage->keeps_part = false;
        if (strcasecmp(actual, expected) == 0)
            return true;
        if (!pieced || again)
            return put_aside(stage, source, error);
        if (progress && progress->note)
            progress->note(progress->context,
                           "the parts do not fit together: starting from the beginning");
        if (ftruncate(stage->lock, 0) < 0)
            return error_errno(error, "cannot write %s", stage->part);
    }
}

static bool fetch_unknown(struct image_stage *stage, const char *url,
                          const struct image_progress *progress, struct error *error) {
    const struct download download = {
        .url = url, .fd = stage->lock, .limit_bytes = DOWNLOAD_LIMIT_BYTES, .progress = progress};
    return transfer(stage, &download, error);
}

/* The checksum first: without it there is no need to fetch the rest. */
static bool fetch(struct image_stage *stage, const struct image_source *source,
                  const struct image_progress *progress, struct error *error) {
    char expected[CHECKSUM_HEX_SIZE];
    if (!image_source_digest(source, expected, error)) {
        stage->keeps_part = lseek(stage->lock, 0, SEEK_END) > 0;
        return false;
    }
    return *expected ? fetch_known(stage, source, expected, progress, error)
                     : fetch_unknown(stage, source->url, progress, error);
}

/* What is as it should be, but could not be made an image of (a full disk, an interrupt), need not
 * come once more. It may be read-only by now. */
static bool take(struct image_stage *stage, const struct image_source *source,
                 struct store_image *image, const struct image_progress *progress,
                 struct error *error) {
    struct error problem = {0};
    bool known = source->checksums || source->sha256;
    if (image_stage_take(stage, stage->part, image, progress, &problem))
        return true;
    stage->keeps_part = known && !stage->lock_moved && problem.code != ERROR_INVALID &&
                        fchmod(stage->lock, 0600) == 0;
    return error_set(error, problem.code, "%s%s", problem.text, stage->keeps_part ? KEPT : "");
}

static bool download(struct home *home, const char *name, const struct image_source *source,
                     const struct image_progress *progress, struct error *error) {
    struct image_stage stage = {.lock = -1};
    struct store_image image = {
        .name = alloc_string(name),
        .arch = alloc_string(image_choose_arch(source->arch, source->url)),
        .origin = alloc_string(source->url),
    };
    bool good =
        image_describe(home, &image, error) && image_stage_open(home, name, &stage, error) &&
        fetch(&stage, source, progress, error) && take(&stage, source, &image, progress, error);
    image_stage_close(&stage);
    store_image_done(&image);
    return good;
}

bool image_download(struct home *home, const char *name, const struct image_progress *progress,
                    struct error *error) {
    struct image_source source = {0};
    struct catalogue catalogue;
    if (!image_catalogue(home, &catalogue, error))
        return false;
    bool good = find_source(&catalogue, name, &source, error) &&
                download(home, name, &source, progress, error);
    image_source_done(&source);
    catalogue_done(&catalogue);
    return good;
}

bool image_download_from(struct home *home, const struct image_address *address,
                         const struct image_progress *progress, struct error *error) {
    const struct image_source source = {.url = (char *)address->url,
                                        .sha256 = (char *)address->sha256,
                                        .arch = address->arch,
                                        .digest = CATALOGUE_SHA256};
    if (!image_check_arch(address->arch, error))
        return false;
    if (!catalogue_is_url(address->url))
        return error_set(
            error, ERROR_INVALID,
            "\"%.200s\" is not a download address: it must begin with https:// or http://",
            address->url);
    if (address->sha256 && !catalogue_is_sha256(address->sha256))
        return error_set(error, ERROR_INVALID,
                         "\"%.80s\" is not a SHA-256: use 64 hexadecimal digits", address->sha256);
    return download(home, address->name, &source, progress, error);
}
