#include "home/snapshot/unsuspended.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/platform.h"
#include "home/layout.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One disk without saved memory. The note is an array of them in the order of compare(). */
struct disk {
    uint64_t device, inode, size;
    int64_t modified_ms, changed_ns;
};

#define NOTE_LIMIT_BYTES (16384 * sizeof(struct disk))

static int compare(const void *left, const void *right) {
    return memcmp(left, right, sizeof(struct disk));
}

static struct disk disk_of(const struct stat *status) {
    return (struct disk){.device = (uint64_t)status->st_dev,
                         .inode = (uint64_t)status->st_ino,
                         .size = (uint64_t)status->st_size,
                         .modified_ms = platform_modified_ms(status),
                         .changed_ns = platform_changed_ns(status)};
}

static char *note_path(const struct unsuspended *disks) {
    return alloc_printf("%s/" UNSUSPENDED_NOTE, disks->home->run);
}

void unsuspended_open(struct unsuspended *disks, const struct home *home) {
    scoped(alloc_release) char *folder = home_file(home, HOME_INSTANCES);
    *disks = (struct unsuspended){.home = home, .now_ms = clock_wall_ms()};
    scoped(alloc_release) char *path = note_path(disks);
    disks->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file_exists(path) && (!file_read(path, NOTE_LIMIT_BYTES, &disks->known, NULL) ||
                              disks->known.length % sizeof(struct disk)))
        buffer_clear(&disks->known);
}

static bool was_noted(const struct unsuspended *disks, const struct disk *disk) {
    size_t count = disks->known.length / sizeof *disk;
    return count && bsearch(disk, disks->known.data, count, sizeof *disk, compare);
}

/* One that is written to from now on gets another time, of those that nobody sets back. */
static bool has_settled(const struct unsuspended *disks, const struct disk *disk) {
    return disks->now_ms - disk->changed_ns / 1000000 > UNSUSPENDED_SETTLED_MS;
}

static bool look(const struct unsuspended *disks, const char *name, struct stat *status) {
    char path[NAME_MAX + sizeof LAYOUT_OS_DISK + 1];
    size_t length = strlen(name);
    if (disks->folder < 0 || length > NAME_MAX)
        return false;
    memcpy(path, name, length);
    memcpy(path + length, "/" LAYOUT_OS_DISK, sizeof "/" LAYOUT_OS_DISK);
    return fstatat(disks->folder, path, status, 0) == 0 && S_ISREG(status->st_mode);
}

bool unsuspended_read(struct unsuspended *disks, const char *name, struct saved_memory *saved,
                      struct error *error) {
    struct stat status;
    if (!look(disks, name, &status))
        return suspension_read(disks->home, name, saved, error);
    struct disk disk = disk_of(&status); /* as it was before it is read */
    *saved = (struct saved_memory){0};
    if (was_noted(disks, &disk))
        return true;
    if (!suspension_read(disks->home, name, saved, error))
        return false;
    if (!saved->tag && has_settled(disks, &disk))
        buffer_append(&disks->fresh, &disk, sizeof disk);
    return true;
}

/* What changed or is gone stays in the note, and harms nothing, until it is too long. */
static void write_note(struct unsuspended *disks) {
    scoped(alloc_release) char *path = note_path(disks);
    struct buffer *all = &disks->known;
    if (all->length + disks->fresh.length > NOTE_LIMIT_BYTES)
        buffer_clear(all);
    buffer_append(all, disks->fresh.data, disks->fresh.length);
    qsort(all->data, all->length / sizeof(struct disk), sizeof(struct disk), compare);
    file_write(path, all->data, all->length, 0600, NULL);
}

void unsuspended_close(struct unsuspended *disks) {
    if (disks->fresh.length >= UNSUSPENDED_WORTH * sizeof(struct disk) &&
        disks->fresh.length <= NOTE_LIMIT_BYTES)
        write_note(disks);
    file_release(&disks->folder);
    buffer_done(&disks->known);
    buffer_done(&disks->fresh);
}
