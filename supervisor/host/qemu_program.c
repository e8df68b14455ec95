#include "host/qemu_program.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "host/program.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define INSPECT_TIMEOUT_MS 10000
#define OBJECTS_SINCE      11u /* no release before this one has what is looked for in its objects */
#define BINARIES_MAX       4u  /* one for each architecture, and some that were replaced */

struct binary { /* what tells one file from another, and what it said */
    dev_t device;
    ino_t inode;
    off_t size;
    time_t modified;
    struct spec_qemu qemu;
};

bool qemu_program_parse_version(const char *text, struct spec_qemu *qemu) {
    static const char before[] = "QEMU emulator version ";
    const char *found = strstr(text, before);
    return found &&
           sscanf(found + strlen(before), "%u.%u", &qemu->version.major, &qemu->version.minor) == 2;
}

bool qemu_program_lists(const char *help, const char *word) {
    size_t length = strlen(word);
    for (const char *line = help; *line;) {
        size_t all = strcspn(line, "\n"), indent = strspn(line, " \t");
        if (indent + length <= all && strncmp(line + indent, word, length) == 0 &&
            strcspn(line + indent, " ,\n") == length)
            return true;
        line += all + (line[all] == '\n');
    }
    return false;
}

/* homebrew-core#282088; Homebrew's formula builds without hvf on macOS before 15. */
const char *qemu_program_remark(const struct spec_qemu *qemu, enum spec_accel accel,
                                unsigned macos) {
    if (accel == SPEC_HVF && qemu->version.major == 11 && qemu->version.minor == 0)
        return "QEMU 11.0 keeps a processor busy for each idle guest under hvf: `brew upgrade qemu`";
    if (accel == SPEC_TCG && macos > 0 && macos < 15)
        return "Homebrew's QEMU has no hvf on macOS before 15, so guests are emulated, slowly: "
               "upgrade macOS";
    return NULL;
}

/* The help begins with the version. */
static void ask(const char *program, struct spec_qemu *qemu) {
    char *options[] = {(char *)program, "-help", NULL};
    char *objects[] = {(char *)program, "-object", "help", NULL};
    scoped(buffer_done) struct buffer help = {0}, list = {0};
    *qemu = (struct spec_qemu){0};
    if (!program_run(options, INSPECT_TIMEOUT_MS, &help, NULL) || !help.data)
        return;
    qemu->sandbox = qemu_program_lists(help.data, "-sandbox");
    if (!qemu_program_parse_version(help.data, qemu) || qemu->version.major < OBJECTS_SINCE)
        return;
    qemu->monitor_objects = program_run(objects, INSPECT_TIMEOUT_MS, &list, NULL) && list.data &&
                            qemu_program_lists(list.data, "monitor-qmp") &&
                            qemu_program_lists(list.data, "monitor-hmp");
}

static bool is_same(const struct binary *binary, const struct stat *file) {
    return binary->device == file->st_dev && binary->inode == file->st_ino &&
           binary->size == file->st_size && binary->modified == file->st_mtime;
}

void qemu_program_inspect(const char *program, struct spec_qemu *qemu) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct binary known[BINARIES_MAX];
    static unsigned next;
    struct stat file;
    *qemu = (struct spec_qemu){0};
    if (stat(program, &file) < 0)
        return;
    pthread_mutex_lock(&lock);
    struct binary *found = NULL;
    for (unsigned i = 0; i < BINARIES_MAX; i++)
        if (is_same(&known[i], &file))
            found = &known[i];
    if (!found) {
        found = &known[next++ % BINARIES_MAX];
        *found = (struct binary){.device = file.st_dev,
                                 .inode = file.st_ino,
                                 .size = file.st_size,
                                 .modified = file.st_mtime};
        ask(program, &found->qemu);
    }
    *qemu = found->qemu;
    pthread_mutex_unlock(&lock);
}
