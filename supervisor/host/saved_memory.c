#include "host/saved_memory.h"

#include "base/alloc.h"
#include "base/file.h"
#include "host/qcow2_header.h"
#include "machine/core/suspend_tag.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Offsets in the header, and in an entry of the list of snapshots, in bytes. */
enum {
    CLUSTER_BITS = 20,
    VIRTUAL_SIZE = 24,
    L1_SIZE = 36,
    L1_OFFSET = 40,
    COUNT = 60,
    LIST_OFFSET = 64,
    INCOMPATIBLE = 72,
    HEADER_BYTES = 80,

    ENTRY_L1_OFFSET = 0,
    ENTRY_L1_SIZE = 8,
    ENTRY_ID_LENGTH = 12,
    ENTRY_NAME_LENGTH = 14,
    ENTRY_SECONDS = 16,
    ENTRY_NANOSECONDS = 20,
    ENTRY_EXTRA_LENGTH = 36,
    ENTRY_BYTES = 40,
    EXTRA_MEMORY = 0, /* size of the saved memory */
};

#define SNAPSHOTS_MAX   65536u     /* QEMU: block/qcow2.h, QCOW_MAX_SNAPSHOTS … */
#define EXTRA_MAX       1024u      /* … QCOW_MAX_SNAPSHOT_EXTRA_DATA */
#define L1_ENTRIES_MAX  (4u << 20) /* … QCOW_MAX_L1_SIZE */
#define EXTENDED_L2     (UINT64_C(1) << 4)
#define TABLE_ADDRESS   UINT64_C(0x00fffffffffffe00) /* without the mark of what is not shared */
#define ENTRY_ALIGN(n)  (((n) + 7u) & ~UINT64_C(7))
#define ENTRIES_AT_ONCE 512u
#define VERSION_2       2u

struct disk {
    int fd;
    unsigned char header[HEADER_BYTES];
};

static uint64_t number(const unsigned char *bytes, size_t at, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[at + i];
    return value;
}

static bool read_at(const struct disk *disk, void *bytes, size_t length, uint64_t at) {
    return file_read_at(disk->fd, bytes, length, at) == (ssize_t)length;
}

/* How many entries of the first table lead to what the guest sees: saved memory comes behind. */
static uint64_t guest_entries(const struct disk *disk) {
    unsigned bits = (unsigned)number(disk->header, CLUSTER_BITS, 4);
    bool extended = number(disk->header, 4, 4) > VERSION_2 &&
                    (number(disk->header, INCOMPATIBLE, 8) & EXTENDED_L2);
    unsigned entry_bits = extended ? 4 : 3;
    unsigned covers_bits = bits + (bits - entry_bits); /* of one entry */
    uint64_t size = number(disk->header, VIRTUAL_SIZE, 8);
    return (size >> covers_bits) + ((size & ((UINT64_C(1) << covers_bits) - 1)) != 0);
}

/* A write to what a snapshot holds goes to a copy, so that the tables differ from then on. */
static bool has_same_tables(const struct disk *disk, const unsigned char *entry) {
    unsigned char now[ENTRIES_AT_ONCE * 8] = {0}, then[ENTRIES_AT_ONCE * 8] = {0};
    uint64_t left = guest_entries(disk);
    uint64_t now_at = number(disk->header, L1_OFFSET, 8),
             then_at = number(entry, ENTRY_L1_OFFSET, 8);
    if (left > L1_ENTRIES_MAX || left > number(disk->header, L1_SIZE, 4) ||
        left > number(entry, ENTRY_L1_SIZE, 4))
        return false;
    while (left) {
        size_t count = left < ENTRIES_AT_ONCE ? (size_t)left : ENTRIES_AT_ONCE;
        if (!read_at(disk, now, count * 8, now_at) || !read_at(disk, then, count * 8, then_at))
            return false;
        for (size_t i = 0; i < count; i++)
            if ((number(now, i * 8, 8) ^ number(then, i * 8, 8)) & TABLE_ADDRESS)
                return false;
        now_at += count * 8;
        then_at += count * 8;
        left -= count;
    }
    return true;
}

static void take_entry(const struct disk *disk, const unsigned char *entry,
                       const unsigned char *extra, struct saved_memory *saved) {
    saved->saved_ms = (int64_t)(number(entry, ENTRY_SECONDS, 4) * 1000 +
                                number(entry, ENTRY_NANOSECONDS, 4) / 1000000);
    saved->bytes = number(entry, ENTRY_EXTRA_LENGTH, 4) >= 8 ? number(extra, EXTRA_MEMORY, 8) : 0;
    saved->fits = has_same_tables(disk, entry);
}

/* at: of the entry; becomes that of the next one. */
static bool read_entry(const struct disk *disk, uint64_t *at, struct saved_memory *saved) {
    unsigned char entry[ENTRY_BYTES] = {0}, extra[8] = {0};
    char name[SUSPEND_TAG_SIZE] = "";
    if (!read_at(disk, entry, sizeof entry, *at))
        return false;
    uint64_t extra_length = number(entry, ENTRY_EXTRA_LENGTH, 4);
    uint64_t id_length = number(entry, ENTRY_ID_LENGTH, 2);
    uint64_t name_length = number(entry, ENTRY_NAME_LENGTH, 2);
    uint64_t name_at = *at + ENTRY_BYTES + extra_length + id_length;
    if (extra_length > EXTRA_MAX ||
        (extra_length >= sizeof extra && !read_at(disk, extra, sizeof extra, *at + ENTRY_BYTES)) ||
        (name_length < sizeof name && !read_at(disk, name, (size_t)name_length, name_at)))
        return false;
    if (suspend_tag_is(name)) {
        alloc_replace(&saved->tag, alloc_string(name));
        take_entry(disk, entry, extra, saved);
    }
    *at = ENTRY_ALIGN(name_at + name_length);
    return true;
}

static bool read_list(struct disk *disk, struct saved_memory *saved) {
    if (!read_at(disk, disk->header, sizeof disk->header, 0) ||
        !qcow2_header_has_magic(disk->header, sizeof disk->header))
        return true;
    uint64_t bits = number(disk->header, CLUSTER_BITS, 4);
    uint64_t count = number(disk->header, COUNT, 4), at = number(disk->header, LIST_OFFSET, 8);
    if (bits < QCOW2_CLUSTER_BITS_MIN || bits > QCOW2_CLUSTER_BITS_MAX || count > SNAPSHOTS_MAX)
        return false;
    for (uint64_t i = 0; i < count && !saved->tag; i++)
        if (!read_entry(disk, &at, saved))
            return false;
    return true;
}

bool saved_memory_read(const char *path, struct saved_memory *saved, struct error *error) {
    struct disk disk = {.fd = -1};
    *saved = (struct saved_memory){0};
    if (!file_exists(path))
        return true;
    if (!file_check_plain(path, error))
        return false;
    disk.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (disk.fd < 0)
        return error_errno(error, "cannot read %s", path);
    bool good = read_list(&disk, saved);
    file_release(&disk.fd);
    if (good)
        return true;
    saved_memory_done(saved);
    return error_set(error, ERROR_FAILED, "the list of snapshots in %s cannot be read", path);
}

void saved_memory_done(struct saved_memory *saved) {
    free(saved->tag);
    *saved = (struct saved_memory){0};
}
