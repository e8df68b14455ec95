#include "home/moving/tar_index.h"

#include "base/alloc.h"
#include "base/name.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* "./disk.vmdk" is what `tar -cf x.ova .` makes. */
static bool take_member_name(const unsigned char *block, struct tar_member *member,
                             struct error *error) {
    char name[TAR_NAME_SIZE] = "";
    memcpy(name, block, NAME_LENGTH);
    const char *plain = strncmp(name, "./", 2) == 0 ? name + 2 : name;
    if (!*plain || block[PREFIX] || strchr(plain, '/') || strcmp(plain, "..") == 0)
        return refuse_name(name, error);
    for (const char *each = plain; *each; each++)
        if ((unsigned char)*each < ' ' || *each == 0x7f)
            return refuse_name(name, error);
    memcpy(member->name, plain, strlen(plain) + 1);
    return true;
}

bool tar_index_parse(const unsigned char block[TAR_BLOCK_BYTES], struct tar_member *member,
                     enum tar_kind *kind, struct error *error) {
    *member = (struct tar_member){0};
    *kind = TAR_END;
    if (is_empty(block))
        return true;
    if (!has_checksum(block))
        return refuse_archive("the checksum of a header is wrong", error);
    if (!parse_size(block + SIZE, &member->bytes) || member->bytes > BYTES_MAX)
        return refuse_archive("a file has an impossible size", error);
    char type = (char)block[TYPE];
    *kind = type == 'x' || type == 'g' ? TAR_EXTENSION : TAR_FILE;
    if (*kind == TAR_EXTENSION)
        return member->bytes <= TAR_EXTENSION_MAX || refuse_archive("a header is too long", error);
    if (type == '0' || type == 0 || type == '7')
        return take_member_name(block, member, error);
    char name[TAR_NAME_SIZE] = "";
    memcpy(name, block, NAME_LENGTH);
    return refuse_name(name, error);
}

/* --- the archive --- */

static bool read_exactly(int fd, void *bytes, size_t length, uint64_t from, struct error *error) {
    size_t done = 0;
    while (done < length) {
        ssize_t got = pread(fd, (char *)bytes + done, length - done, (off_t)(from + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(error, "cannot be read");
        if (got == 0)
            return refuse_archive("it is cut short", error);
        done += (size_t)got;
    }
    return true;
}

/* POSIX.1-2001: a name or size in it would replace that of the next header. */
static bool check_extension(int fd, const struct tar_member *member, struct error *error) {
    scoped(alloc_release) char *text = alloc_zero((size_t)member->bytes + 1);
    if (!read_exactly(fd, text, (size_t)member->bytes, member->offset, error))
        return false;
    for (size_t i = 0; i < member->bytes; i++)
        if (!text[i])
            text[i] = '\n';
    return (!strstr(text, " size=") && !strstr(text, " path=") && !strstr(text, " GNU.sparse")) ||
           error_set(error, ERROR_INVALID,
                     "has names or sizes in the form of POSIX.1-2001: `tar -xf` it, and make it "
                     "anew with `tar --format=ustar -cf`");
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

bool tar_index_read(int fd, struct tar_index *index, struct error *error) {
    unsigned char block[TAR_BLOCK_BYTES];
    struct stat status;
    struct tar_member member;
    enum tar_kind kind = TAR_FILE;
    unsigned extensions = 0;
    *index = (struct tar_index){0};
    if (fstat(fd, &status) < 0)
        return error_errno(error, "cannot be read");
    uint64_t length = (uint64_t)status.st_size, at = 0;
    while (at < length) {
        if (!read_exactly(fd, block, sizeof block, at, error) ||
            !tar_index_parse(block, &member, &kind, error))
            return false;
        if (kind == TAR_END)
            return true;
        member.offset = at + TAR_BLOCK_BYTES;
        if (kind == TAR_EXTENSION && ++extensions > TAR_EXTENSIONS_MAX)
            return refuse_archive("it has too many extension headers", error);
        if (member.bytes > length - member.offset)
            return refuse_archive("it is cut short", error);
        if (!(kind == TAR_EXTENSION ? check_extension(fd, &member, error)
                                    : add_member(index, &member, error)))
            return false;
        uint64_t blocks = (member.bytes + TAR_BLOCK_BYTES - 1) / TAR_BLOCK_BYTES;
        at = member.offset + blocks * TAR_BLOCK_BYTES;
    }
    return true;
}

const struct tar_member *tar_index_find(const struct tar_index *index, const char *name) {
    for (size_t i = 0; i < index->count; i++)
        if (strcmp(index->members[i].name, name) == 0)
            return &index->members[i];
    return NULL;
}
