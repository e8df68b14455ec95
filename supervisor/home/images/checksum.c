#include "home/images/checksum.h"

#include "base/alloc.h"
#include "base/secret.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *word;
    size_t digits;
    const char *tags[3]; /* as checksum files write it: BSD, openssl 3, prose */
} digests[] = {[CATALOGUE_SHA256] = {"SHA256", 64, {"SHA256", "SHA2-256", "SHA-256"}},
               [CATALOGUE_SHA512] = {"SHA512", 128, {"SHA512", "SHA2-512", "SHA-512"}}};

const char *checksum_word(enum catalogue_digest digest) {
    return digests[digest].word;
}

/* Takes the digest that text begins with, if nothing of its kind follows it. */
static bool take_hex(const char *text, size_t digits, char hex[CHECKSUM_HEX_SIZE]) {
    for (size_t i = 0; i < digits; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return false;
        hex[i] = (char)tolower((unsigned char)text[i]);
    }
    hex[digits] = 0;
    return !isalnum((unsigned char)text[digits]);
}

/* Between words of a line that is not in one of the common forms. */
#define MARK       "\xef\xbb\xbf" /* a byte order mark */
#define SEPARATORS " \t,;|:=*()<>\"'`"

static bool is_tag(enum catalogue_digest digest, const char *word, size_t length) {
    for (size_t i = 0; i < sizeof digests[digest].tags / sizeof *digests[digest].tags; i++) {
        const char *tag = digests[digest].tags[i];
        if (strlen(tag) == length && strncasecmp(word, tag, length) == 0)
            return true;
    }
    return false;
}

/* "SHA256 (NAME) = DIGEST" and openssl's "SHA256(NAME)= DIGEST" or "SHA2-256(NAME)= DIGEST" */
static bool read_tagged(char *line, enum catalogue_digest digest, char hex[CHECKSUM_HEX_SIZE],
                        const char **name) {
    char *open = strchr(line, '('), *end = strrchr(line, ')');
    if (!open || !end || end < open)
        return false;
    char *word_end = open;
    while (word_end > line && (word_end[-1] == ' ' || word_end[-1] == '\t'))
        word_end--;
    const char *equals = end + 1 + strspn(end + 1, " \t");
    if (!is_tag(digest, line, (size_t)(word_end - line)) || *equals != '=' ||
        !take_hex(equals + 1 + strspn(equals + 1, " \t"), digests[digest].digits, hex))
        return false;
    *end = 0;
    *name = open + 1;
    return true;
}

/* Length of the name of a digest algorithm at the start of text; 0: none. */
static size_t algorithm_length(const char *text) {
    static const char *const families[] = {"SHA",       "BLAKE",    "B2",     "MD5",
                                           "WHIRLPOOL", "RMD",      "RIPEMD", "KECCAK",
                                           "SM3",       "STREEBOG", "GOST",   "SKEIN"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strncasecmp(text, families[i], strlen(families[i])) == 0)
            return strspn(text,
                          "-_/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    return 0;
}

/* Whether a line is a heading such as "# SHA512 HASH", "[sha256]" or "MD5:", and if so whether the
 * lines below it are of this algorithm. */
static bool read_heading(const char *line, enum catalogue_digest digest, bool *ours) {
    const char *word = line + strspn(line, "#[=-*_/;> \t");
    size_t length = algorithm_length(word);
    const char *rest = word + length + strspn(word + length, " \t:]=-");
    static const char *const nouns[] = {"",       "HASH",    "HASHES",   "SUM",      "SUMS",
                                        "DIGEST", "DIGESTS", "CHECKSUM", "CHECKSUMS"};
    size_t rest_length = strlen(rest);
    while (rest_length > 0 && strchr("#]=-*_: \t", rest[rest_length - 1]))
        rest_length--;
    bool heading = false;
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        heading = heading || (strlen(nouns[i]) == rest_length &&
                              strncasecmp(rest, nouns[i], rest_length) == 0);
    if (length == 0 || !heading)
        return false;
    while (length > 1 && strchr("-_/", word[length - 1]))
        length--;
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++) {
        size_t noun = strlen(nouns[i]);
        if (noun && length > noun && strncasecmp(word + length - noun, nouns[i], noun) == 0)
            length -= noun;
    }
    *ours = is_tag(digest, word, length);
    return true;
}

/* A word such as "SHA3-256" in a line. */
static bool names_other(const char *line, enum catalogue_digest digest) {
    for (const char *word = line; *word; word += strcspn(word, SEPARATORS)) {
        word += strspn(word, SEPARATORS);
        size_t length = algorithm_length(word);
        if (length && length == strcspn(word, SEPARATORS) && !is_tag(digest, word, length))
            return true;
    }
    return false;
}

/* "DIGEST  NAME", "DIGEST *NAME", "DIGEST<tab>NAME", the digest alone, or anything with one digest
 * in it: what else the line has is its name. loose: the digest does not come first. */
static bool read_plain(char *line, enum catalogue_digest digest, char hex[CHECKSUM_HEX_SIZE],
                       const char **name, bool *loose) {
    size_t digits = digests[digest].digits;
    char *at = line;
    while (*at && !((at == line || !isalnum((unsigned char)at[-1])) && take_hex(at, digits, hex)))
        at++;
    if (!*at)
        return false;
    *loose = at > line + strspn(line, " \t\\");
    memset(at, ' ', digits);
    char *end = line + strlen(line);
    while (end > line && strchr(" \t", end[-1]))
        *--end = 0;
    *name = line + strspn(line, " \t*\\");
    return !names_other(*name, digest);
}

/* --- which line is about the file --- */

/* The path of an address, without host, query and fragment, its percent escapes decoded; caller
 * frees. */
static char *path_of_url(const char *url) {
    const char *scheme = strstr(url, "://"), *start = url;
    if (scheme)
        start = scheme + 3 + strcspn(scheme + 3, "/?#");
    char *path = alloc_slice(start, strcspn(start, "?#")), *to = path;
    for (const char *from = path; *from; from++) {
        unsigned value;
        if (from[0] == '%' && isxdigit((unsigned char)from[1]) &&
            isxdigit((unsigned char)from[2]) && sscanf(from + 1, "%2x", &value) == 1 &&
            value != 0) {
            *to++ = (char)value;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    return path;
}

/* How many names, from the last one on, two paths share. */
static size_t common_names(const char *one, const char *other, bool *all_of_one) {
    const char *a = one + strlen(one), *b = other + strlen(other);
    size_t names = 0;
    while (a > one && b > other && a[-1] == b[-1]) {
        a--, b--;
        names += *a == '/';
    }
    bool a_begins = a == one, b_begins = b == other;
    if ((a_begins && (b_begins || b[-1] == '/')) || (b_begins && a > one && a[-1] == '/'))
        names += *a != '/';
    *all_of_one = a_begins && (b_begins || b[-1] == '/' || *b == '/');
    return names;
}

/* 0: the line is about another file; more is better. A line all of whose folders are in the address
 * fits better than one of which only some are. */
static size_t fitness(const char *listed, const char *path) {
    bool whole;
    while (strncmp(listed, "./", 2) == 0)
        listed += 2;
    size_t names = common_names(listed, path, &whole);
    return names == 0 ? 0 : 2 * names + whole;
}

/* A name with blanks fits as a whole; else a word of the line may be it. */
static size_t fitness_of_line(char *name, const char *path) {
    size_t best = fitness(name, path);
    for (char *word = name; *word;) {
        word += strspn(word, SEPARATORS);
        size_t length = strcspn(word, SEPARATORS);
        char after = word[length];
        word[length] = 0;
        size_t fit = length ? fitness(word, path) & ~(size_t)1 : 0;
        word[length] = after;
        word += length;
        if (fit > best)
            best = fit;
    }
    return best;
}

struct search {
    const struct checksum *checksum;
    char *path;     /* owned: of the address */
    char *bare;     /* owned: as it is written in the address */
    size_t digests; /* lines with one */
    size_t best;    /* fitness of hex */
    bool ambiguous; /* another line fits as well and has another digest */
    char hex[CHECKSUM_HEX_SIZE];
};

/* A digest within a line of text, such as a web page has, counts only with the name. */
static void consider(struct search *search, const char *hex, const char *name, bool loose) {
    scoped(alloc_release) char *listed = alloc_string(name);
    for (char *back = strchr(listed, '/') ? NULL : strchr(listed, '\\'); back;
         back = strchr(back, '\\')) /* a path of Windows */
        *back = '/';
    size_t fit = fitness_of_line(listed, search->path);
    size_t bare = fitness_of_line(listed, search->bare);
    if (bare > fit)
        fit = bare;
    if (loose && fit == 0)
        return;
    bool differs = search->digests > 0 && strcmp(hex, search->hex) != 0;
    if (search->digests++ > 0 && fit < search->best)
        return;
    search->ambiguous = (fit == search->best && (differs || search->ambiguous)) && fit > 0;
    search->best = fit;
    memcpy(search->hex, hex, CHECKSUM_HEX_SIZE);
}

static void read_lines(struct search *search, char *text) {
    enum catalogue_digest digest = search->checksum->digest;
    bool ours = true;
    for (char *line = text, *next; line; line = next) {
        char hex[CHECKSUM_HEX_SIZE];
        const char *name = "";
        bool loose = false;
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        line[strcspn(line, "\r")] = 0;
        if (read_tagged(line, digest, hex, &name) || (!read_heading(line, digest, &ours) && ours &&
                                                      read_plain(line, digest, hex, &name, &loose)))
            consider(search, hex, name, loose);
    }
}

static bool decide(const struct search *search, struct error *error) {
    const char *word = checksum_word(search->checksum->digest);
    const char *slash = strrchr(search->path, '/'), *name = slash ? slash + 1 : search->path;
    if (search->ambiguous)
        return error_set(
            error, ERROR_FAILED,
            "it contains several %s checksums of %s, and their folders do not show which "
            "belongs to %s",
            word, name, search->checksum->file_url);
    return search->best > 0 || search->digests == 1 ||
           error_set(error, ERROR_FAILED, "it contains no %s checksum of %s", word, name);
}

bool checksum_find(const struct checksum *checksum, const char *text, size_t length,
                   char hex[CHECKSUM_HEX_SIZE], struct error *error) {
    scoped(alloc_release) char *copy = alloc_slice(text, length);
    scoped(alloc_release) char *path = path_of_url(checksum->file_url);
    scoped(alloc_release) char *bare = alloc_string(checksum->file_url);
    struct search search = {.checksum = checksum, .path = path, .bare = bare};
    read_lines(&search, copy + (strncmp(copy, MARK, strlen(MARK)) == 0 ? strlen(MARK) : 0));
    memcpy(hex, search.hex, CHECKSUM_HEX_SIZE);
    return decide(&search, error);
}

bool checksum_of_file(enum catalogue_digest digest, const char *path, char hex[CHECKSUM_HEX_SIZE],
                      struct error *error) {
    return digest == CATALOGUE_SHA512 ? secret_sha512_file(path, hex, error)
                                      : secret_sha256_file(path, hex, error);
}
