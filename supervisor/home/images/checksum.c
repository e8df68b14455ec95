#include "home/images/checksum.h"

#include "base/alloc.h"
#include "base/secret.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *word;
    size_t digits;
} digests[] = {[CATALOGUE_SHA256] = {"SHA256", 64}, [CATALOGUE_SHA512] = {"SHA512", 128}};

const char *checksum_word(enum catalogue_digest digest) {
    return digests[digest].word;
}

/* A digest at the start of text, with nothing of its kind behind it. */
static bool take_hex(const char *text, size_t digits, char hex[CHECKSUM_HEX_SIZE]) {
    for (size_t i = 0; i < digits; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return false;
        hex[i] = (char)tolower((unsigned char)text[i]);
    }
    hex[digits] = 0;
    return !isalnum((unsigned char)text[digits]);
}

/* "DIGEST  NAME", "DIGEST *NAME" or the digest alone. */
static bool read_gnu(char *line, size_t digits, char hex[CHECKSUM_HEX_SIZE], const char **name) {
    line += *line == '\\';
    if (!take_hex(line, digits, hex))
        return false;
    *name = line + digits + strspn(line + digits, " *");
    return true;
}

/* "SHA256 (NAME) = DIGEST" */
static bool read_bsd(char *line, const struct checksum *checksum, char hex[CHECKSUM_HEX_SIZE],
                     const char **name) {
    const char *word = checksum_word(checksum->digest);
    char *end = strstr(line, ") = ");
    size_t length = strlen(word);
    if (!end || strncmp(line, word, length) != 0 || strncmp(line + length, " (", 2) != 0 ||
        !take_hex(end + strlen(") = "), digests[checksum->digest].digits, hex))
        return false;
    *end = 0;
    *name = line + length + strlen(" (");
    return true;
}

static bool read_line(const struct checksum *checksum, char *line, char hex[CHECKSUM_HEX_SIZE],
                      const char **name) {
    line[strcspn(line, "\r")] = 0;
    return checksum->form == CATALOGUE_BSD
               ? read_bsd(line, checksum, hex, name)
               : read_gnu(line, digests[checksum->digest].digits, hex, name);
}

/* Some files name a file with its folder, like ./NAME. */
static bool is_named(const char *name, const char *wanted) {
    const char *slash = strrchr(name, '/');
    return strcmp(slash ? slash + 1 : name, wanted) == 0;
}

bool checksum_find(const struct checksum *checksum, const char *text, size_t length,
                   char hex[CHECKSUM_HEX_SIZE], struct error *error) {
    scoped(alloc_release) char *copy = alloc_slice(text, length);
    size_t found = 0;
    for (char *line = copy, *next; line; line = next) {
        char read[CHECKSUM_HEX_SIZE];
        const char *name = "";
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        if (!read_line(checksum, line, read, &name))
            continue;
        memcpy(hex, read, sizeof read);
        if (is_named(name, checksum->name))
            return true;
        found++;
    }
    return found == 1 || error_set(error, ERROR_FAILED, "it gives no %s of %s",
                                   checksum_word(checksum->digest), checksum->name);
}

bool checksum_of_file(enum catalogue_digest digest, const char *path, char hex[CHECKSUM_HEX_SIZE],
                      struct error *error) {
    return digest == CATALOGUE_SHA512 ? secret_sha512_file(path, hex, error)
                                      : secret_sha256_file(path, hex, error);
}
