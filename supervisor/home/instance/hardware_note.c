#include "home/instance/hardware_note.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/layout.h"
#include "machine/core/suspend_tag.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define NOTE_LIMIT_BYTES 1024u /* of a launch's tag and a suspend tag, with what follows */

static int open_note(const char *path) {
    return open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

/* Without O_TRUNC: ext4 then writes the file out at once. What is left of a longer one follows the
 * line, and no QEMU has this tag before the line is whole. */
bool hardware_note_write(const struct home *home, const char *instance, const char *tag,
                         const char *hardware, struct error *error) {
    scoped(alloc_release) char *path = layout_file(home, instance, LAYOUT_HARDWARE);
    scoped(alloc_release) char *line = alloc_printf("%s %s\n", tag, hardware);
    scoped(file_release) int fd = open_note(path);
    if (fd < 0 && errno == EACCES && unlink(path) == 0) /* of a supervisor that ran as root */
        fd = open_note(path);
    if (fd >= 0 && file_write_all(fd, line, strlen(line)))
        return true;
    error_errno(error, "cannot write %s", path);
    unlink(path); /* half of it would be another one */
    return false;
}

char *hardware_note_read(const struct home *home, const char *instance, const char *tag) {
    scoped(alloc_release) char *path = layout_file(home, instance, LAYOUT_HARDWARE);
    scoped(buffer_done) struct buffer text = {0};
    size_t length = strlen(tag);
    if (!file_exists(path) || !file_read(path, NOTE_LIMIT_BYTES, &text, NULL) || !text.length ||
        strncmp(text.data, tag, length) != 0 || text.data[length] != ' ')
        return NULL;
    char *hardware = text.data + length + 1, *end = strchr(hardware, '\n');
    if (!end)
        return NULL;
    *end = 0;
    return suspend_tag_is(hardware) ? alloc_string(hardware) : NULL;
}
