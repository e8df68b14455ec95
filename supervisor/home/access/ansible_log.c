#include "home/access/ansible_log.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/layout.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAIL_BYTES  16384 /* the recap is at the end */
#define COUNT_LIMIT 1000000ul
#define HEADING     "PLAY RECAP"

char *ansible_log_path(const struct home *home, const char *name) {
    scoped(alloc_release) char *folder = home_instance_folder(home, name);
    return alloc_printf("%s/" LAYOUT_ANSIBLE_LOG, folder);
}

static bool take_count(const char *line, size_t length, const char *key, unsigned *count) {
    scoped(alloc_release) char *copy = alloc_slice(line, length);
    const char *found = strstr(copy, key);
    if (!found)
        return false;
    unsigned long number = strtoul(found + strlen(key), NULL, 10);
    *count += (unsigned)(number < COUNT_LIMIT ? number : COUNT_LIMIT);
    return true;
}

bool ansible_log_parse(const char *text, struct ansible_recap *recap) {
    const char *heading = NULL;
    bool found = false;
    for (const char *next = text; (next = strstr(next, HEADING)); next += strlen(HEADING))
        heading = next;
    const char *line = heading ? strchr(heading, '\n') : NULL;
    *recap = (struct ansible_recap){0};
    while (line && *++line) {
        size_t length = strcspn(line, "\n");
        if (!take_count(line, length, "ok=", &recap->ok))
            break;
        take_count(line, length, "changed=", &recap->changed);
        take_count(line, length, "unreachable=", &recap->unreachable);
        take_count(line, length, "failed=", &recap->failed);
        found = true;
        line = strchr(line, '\n');
    }
    return found;
}

bool ansible_log_recap(const struct home *home, const char *name, struct ansible_recap *recap) {
    char text[TAIL_BYTES + 1];
    scoped(alloc_release) char *path = ansible_log_path(home, name);
    scoped(file_release) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (end <= 0)
        return false;
    ssize_t got = pread(fd, text, TAIL_BYTES, end > TAIL_BYTES ? end - TAIL_BYTES : 0);
    if (got <= 0)
        return false;
    text[got] = 0;
    return ansible_log_parse(text, recap);
}
