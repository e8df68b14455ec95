#include "home/moving/tar_index.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/name.h"

#include <string.h>
#include <sys/stat.h>

/* Fields of a header: where, and how long. */
enum {
    NAME_LENGTH = 100,
    SIZE = 124,
    SIZE_LENGTH = 12,
    CHECKSUM = 148,
    CHECKSUM_LENGTH = 8,
    TYPE = 156,
    MAGIC = 257,
    PREFIX = 345,
    BASE_256 = 0x80,
};
#define BYTES_MAX (UINT64_MAX >> 2)

static bool refuse_archive(const char *what, struct error *error) {
    return error_set(error, ERROR_INVALID, "is no intact tar archive: %s", what);
}

bool tar_index_is_archive(const void *bytes, size_t length) {
    return length >= MAGIC + 5 && memcmp((const char *)bytes + MAGIC, "ustar", 5) == 0;
}

/* Octal digits, with spaces before and a space or NUL behind. */
static bool parse_octal(const unsigned char *text, size_t length, uint64_t *number) {
    size_t at = 0, digits = 0;
    *number = 0;
    while (at < length && text[at] == ' ')
        at++;
    for (; at < length && text[at] >= '0' && text[at] <= '7'; at++, digits++)
        *number = *number << 3 | (uint64_t)(text[at] - '0');
    return digits > 0 && (at == length || text[at] == 0 || text[at] == ' ');
}

static bool parse_size(const unsigned char *text, uint64_t *number) {
    if (!(text[0] & BASE_256))
        return parse_octal(text, SIZE_LENGTH, number);
    *number = text[0] & 0x3f; /* negative ones have 0x40, too */
    for (size_t i = 1; i < SIZE_LENGTH; i++) {
        if (*number > BYTES_MAX >> 8)
            return false;
        *number = *number << 8 | text[i];
    }
    return !(text[0] & 0x40);
}

static bool has_checksum(const unsigned char *block) {
    uint64_t told, sum = 0;
    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++)
        sum += i >= CHECKSUM && i < CHECKSUM + CHECKSUM_LENGTH ? ' ' : block[i];
    return parse_octal(block + CHECKSUM, CHECKSUM_LENGTH, &told) && told == sum;
}

static bool is_empty(const unsigned char *block) {
    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++)
        if (block[i])
            return false;
    return true;
}

static bool refuse_name(const char *name, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(name, strlen(name), NAME_LENGTH);
    return error_set(error, ERROR_INVALID,
                     "has \"%s\" in it, and not only plain files without folders", shown);
}

/* The import of a folder needs nothing of tar. */
static bool refuse_form(const char *what, struct error *error) {
    return error_set(error, ERROR_INVALID,
                     "has %s, which are not read here: `mkdir NEW && tar -xf … -C NEW` unpacks it, "
                     "and `pgsup import NEW` takes the folder",
                     what);
}

/* "./disk.vmdk" is what `tar -cf x.ova .` makes. */
static bool take_member_name(const char *name, char taken[TAR_NAME_SIZE], struct error *error) {
    const char *plain = strncmp(name, "./", 2) == 0 ? name + 2 : name;
    size_t length = strlen(plain);
    if (!length || length >= TAR_NAME_SIZE || strchr(plain, '/') || strcmp(plain, ".") == 0 ||
        strcmp(plain, "..") == 0)
        return refuse_name(name, error);
    for (const char *each = plain; *each; each++)
        if ((unsigned char)*each < ' ' || *each == 0x7f)
            return refuse_name(name, error);
    memmove(taken, plain, length + 1);
    return true;
}

static bool take_header_name(const unsigned char *block, const struct tar_given *given,
                             struct tar_member *member, struct error *error) {
    char name[NAME_LENGTH + 1] = "";
    if (given->has_name)
        return take_member_name(given->name, member->name, error);
    memcpy(name, block, NAME_LENGTH);
    if (block[PREFIX] && strcmp((const char *)block + PREFIX, ".") != 0)
        return refuse_name(name, error);
    return take_member_name(name, member->name, error);
}

static enum tar_kind kind_of(char type) {
    switch (type) {
    case 'x': return TAR_PAX;
    case 'g': return TAR_PAX_OF_ALL;
    case 'L': return TAR_LONG_NAME;
    case '5': return TAR_SKIPPED;
    default: return TAR_FILE;
    }
}

static bool check_other_type(const unsigned char *block, const struct tar_given *given,
                             enum tar_kind kind, struct error *error) {
    char own[NAME_LENGTH + 1] = "";
    const char *name = given->has_name ? given->name : own;
    memcpy(own, block, NAME_LENGTH);
    if (kind == TAR_SKIPPED && (strcmp(name, "./") == 0 || strcmp(name, ".") == 0))
        return true;
    return block[TYPE] == 'S' ? refuse_form("files with holes", error) : refuse_name(name, error);
}

bool tar_index_parse(const unsigned char block[TAR_BLOCK_BYTES], const struct tar_given *given,
                     struct tar_member *member, enum tar_kind *kind, struct error *error) {
    *member = (struct tar_member){.bytes = given->bytes};
    *kind = TAR_END;
    if (is_empty(block))
        return true;
    if (!has_checksum(block))
        return refuse_archive("the checksum of a header is wrong", error);
    char type = (char)block[TYPE];
    *kind = kind_of(type);
    bool sized = given->has_bytes && (*kind == TAR_FILE || *kind == TAR_SKIPPED);
    if ((!sized && !parse_size(block + SIZE, &member->bytes)) || member->bytes > BYTES_MAX)
        return refuse_archive("a file has an impossible size", error);
    if (*kind != TAR_FILE && *kind != TAR_SKIPPED)
        return member->bytes <= TAR_EXTENSION_MAX || refuse_archive("a header is too long", error);
    if (type == '0' || type == 0 || type == '7')
        return take_header_name(block, given, member, error);
    return check_other_type(block, given, *kind, error);
}

/* --- extensions --- */

static bool give_name(const char *name, struct tar_given *given, struct error *error) {
    given->has_name = take_member_name(name, given->name, error);
    return given->has_name;
}

static bool parse_decimal(const char *text, uint64_t *number) {
    *number = 0;
    for (const char *each = text; *each; each++) {
        if (*each < '0' || *each > '9' || *number > BYTES_MAX / 10)
            return false;
        *number = *number * 10 + (uint64_t)(*each - '0');
    }
    return *text != 0;
}

/* An empty value takes back what an earlier one has said. Times, owners and what the systems keep
 * of their own are not needed. */
static bool take_record(const char *key, const char *value, struct tar_given *given,
                        struct error *error) {
    if (strncmp(key, "GNU.sparse.", 11) == 0 || strcmp(key, "SCHILY.realsize") == 0)
        return refuse_form("files with holes", error);
    if (strcmp(key, "path") == 0 && *value)
        return give_name(value, given, error);
    if (strcmp(key, "path") == 0)
        given->has_name = false;
    if (strcmp(key, "size") != 0)
        return true;
    given->has_bytes = *value != 0;
    return !*value || parse_decimal(value, &given->bytes) ||
           refuse_archive("a file has an impossible size", error);
}

/* "LENGTH KEY=VALUE\n", with its own length. A value with a NUL in it ends there. */
static size_t split_record(char *text, size_t length, char **key, char **value) {
    size_t told = 0, at = 0;
    for (; at < length && text[at] >= '0' && text[at] <= '9' && told <= length; at++)
        told = told * 10 + (size_t)(text[at] - '0');
    if (at == 0 || told > length || told < at + 3 || text[at] != ' ' || text[told - 1] != '\n')
        return 0;
    *key = text + at + 1;
    text[told - 1] = 0;
    *value = strchr(*key, '=');
    if (!*value)
        return 0;
    *(*value)++ = 0;
    return told;
}

bool tar_index_extend(char *text, size_t length, enum tar_kind kind, struct tar_given *given,
                      struct error *error) {
    if (kind == TAR_LONG_NAME)
        return give_name(text, given, error);
    struct tar_given of_all = {0};
    bool good = true;
    for (size_t at = 0, bytes = 0; good && at < length; at += bytes) {
        char *key, *value;
        bytes = split_record(text + at, length - at, &key, &value);
        good = bytes ? take_record(key, value, kind == TAR_PAX ? given : &of_all, error)
                     : refuse_archive("an extended header is wrong", error);
    }
    return good && ((!of_all.has_name && !of_all.has_bytes) ||
                    refuse_form("names or sizes that are said of all its files", error));
}

/* --- the archive --- */

static bool read_exactly(int fd, void *bytes, size_t length, uint64_t from, struct error *error) {
    ssize_t got = file_read_at(fd, bytes, length, from);
    if (got < 0)
        return error_errno(error, "cannot be read");
    return (size_t)got == length || refuse_archive("it is cut short", error);
}

static bool add_member(struct tar_index *index, const struct tar_member *member,
                       struct error *error) {
    scoped(alloc_release) char *shown =
        name_printable(member->name, strlen(member->name), NAME_LENGTH);
    if (tar_index_find(index, member->name))
        return error_set(error, ERROR_INVALID, "has \"%s\" in it twice", shown);
    if (index->count == TAR_MEMBERS_MAX)
        return error_set(error, ERROR_INVALID, "has more than %u files in it", TAR_MEMBERS_MAX);
    index->members[index->count++] = *member;
    return true;
}

struct reading {
    int fd;
    struct tar_index *index;
    struct tar_given given;
    unsigned others; /* headers that are no file */
};

static bool read_extension(struct reading *reading, const struct tar_member *member,
                           enum tar_kind kind, struct error *error) {
    size_t length = (size_t)member->bytes;
    scoped(alloc_release) char *text = alloc_zero(length + 1);
    return read_exactly(reading->fd, text, length, member->offset, error) &&
           tar_index_extend(text, length, kind, &reading->given, error);
}

/* Of the file after it nothing has been said. */
static bool take_member(struct reading *reading, const struct tar_member *member,
                        enum tar_kind kind, struct error *error) {
    if (kind != TAR_FILE && ++reading->others > TAR_EXTENSIONS_MAX)
        return refuse_archive("it has too many extension headers", error);
    if (kind != TAR_FILE && kind != TAR_SKIPPED)
        return read_extension(reading, member, kind, error);
    reading->given = (struct tar_given){0};
    return kind == TAR_SKIPPED || add_member(reading->index, member, error);
}

bool tar_index_read(int fd, struct tar_index *index, struct error *error) {
    unsigned char block[TAR_BLOCK_BYTES];
    struct stat status;
    struct tar_member member;
    struct reading reading = {.fd = fd, .index = index};
    enum tar_kind kind = TAR_FILE;
    index->count = 0;
    if (fstat(fd, &status) < 0)
        return error_errno(error, "cannot be read");
    uint64_t length = (uint64_t)status.st_size, at = 0;
    while (at < length) {
        if (!interrupt_check(error) || !read_exactly(fd, block, sizeof block, at, error) ||
            !tar_index_parse(block, &reading.given, &member, &kind, error))
            return false;
        if (kind == TAR_END)
            break;
        member.offset = at + TAR_BLOCK_BYTES;
        if (member.bytes > length - member.offset)
            return refuse_archive("it is cut short", error);
        if (!take_member(&reading, &member, kind, error))
            return false;
        uint64_t blocks = (member.bytes + TAR_BLOCK_BYTES - 1) / TAR_BLOCK_BYTES;
        at = member.offset + blocks * TAR_BLOCK_BYTES;
    }
    bool whole = !reading.given.has_name && !reading.given.has_bytes;
    return whole || refuse_archive("it is cut short", error);
}

const struct tar_member *tar_index_find(const struct tar_index *index, const char *name) {
    for (size_t i = 0; i < index->count; i++)
        if (strcmp(index->members[i].name, name) == 0)
            return &index->members[i];
    return NULL;
}
