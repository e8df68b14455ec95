#include "host/qemu_program.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "host/program.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSPECT_TIMEOUT_MS 10000
#define OBJECTS_SINCE      11u /* no release before this one has what is looked for in its objects */
#define BINARIES_MAX       4u  /* one for each architecture, and some that were replaced */
#define NOTES_LIMIT_BYTES  1024u

struct binary { /* and what it said */
    struct qemu_program_identity identity;
    struct spec_qemu qemu;
};

struct binaries {
    struct binary items[BINARIES_MAX];
    unsigned next; /* the place that is filled next */
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

/* False: not all was told, as when there was no time or no descriptor for it. The help begins with
 * the version. */
static bool ask(const char *program, struct spec_qemu *qemu) {
    char *options[] = {(char *)program, "-help", NULL};
    char *objects[] = {(char *)program, "-object", "help", NULL};
    scoped(buffer_done) struct buffer help = {0}, list = {0};
    *qemu = (struct spec_qemu){0};
    if (!program_run(options, INSPECT_TIMEOUT_MS, &help, NULL))
        return false;
    qemu->sandbox = help.data && qemu_program_lists(help.data, "-sandbox");
    if (!help.data || !qemu_program_parse_version(help.data, qemu) ||
        qemu->version.major < OBJECTS_SINCE)
        return true;
    if (!program_run(objects, INSPECT_TIMEOUT_MS, &list, NULL))
        return false;
    qemu->monitor_objects = list.data && qemu_program_lists(list.data, "monitor-qmp") &&
                            qemu_program_lists(list.data, "monitor-hmp");
    return true;
}

bool qemu_program_identify(const char *program, struct qemu_program_identity *identity) {
    struct stat file;
    if (stat(program, &file) < 0)
        return false;
    *identity = (struct qemu_program_identity){.device = (uint64_t)file.st_dev,
                                               .inode = (uint64_t)file.st_ino,
                                               .size = (uint64_t)file.st_size,
                                               .modified = (int64_t)file.st_mtime,
                                               .changed = (int64_t)file.st_ctime};
    return true;
}

bool qemu_program_same(const struct qemu_program_identity *one,
                       const struct qemu_program_identity *other) {
    return one->device == other->device && one->inode == other->inode && one->size == other->size &&
           one->modified == other->modified && one->changed == other->changed;
}

static const struct binary *find_binary(const struct binaries *known, const struct binary *wanted) {
    for (unsigned i = 0; i < BINARIES_MAX; i++)
        if (qemu_program_same(&known->items[i].identity, &wanted->identity))
            return &known->items[i];
    return NULL;
}

static void add_binary(struct binaries *known, const struct binary *binary) {
    known->items[known->next++ % BINARIES_MAX] = *binary;
}

/* --- notes: one line for each binary --- */

#define NOTE_FIELDS 9

static bool read_note(const char *line, struct binary *binary) {
    unsigned objects, sandbox;
    char end;
    *binary = (struct binary){0};
    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64 " %u.%u %u %u%c",
               &binary->identity.device, &binary->identity.inode, &binary->identity.size,
               &binary->identity.modified, &binary->identity.changed, &binary->qemu.version.major,
               &binary->qemu.version.minor, &objects, &sandbox, &end) != NOTE_FIELDS + 1 ||
        end != '\n')
        return false;
    binary->qemu.monitor_objects = objects == 1;
    binary->qemu.sandbox = sandbox == 1;
    return true;
}

/* What is no note is left out: the binary is asked again. */
static void read_notes(const char *path, struct binaries *notes) {
    scoped(buffer_done) struct buffer text = {0};
    struct binary binary;
    if (!file_exists(path) || !file_read(path, NOTES_LIMIT_BYTES, &text, NULL) || !text.length)
        return;
    for (const char *line = text.data, *end; (end = strchr(line, '\n')); line = end + 1)
        if (read_note(line, &binary))
            add_binary(notes, &binary);
}

static void write_notes(const char *path, const struct binaries *notes) {
    scoped(buffer_done) struct buffer text = {0};
    for (unsigned i = 0; i < BINARIES_MAX; i++) {
        const struct binary *each = &notes->items[(notes->next + i) % BINARIES_MAX];
        if (each->identity.inode)
            buffer_printf(
                &text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %u.%u %d %d\n",
                each->identity.device, each->identity.inode, each->identity.size,
                each->identity.modified, each->identity.changed, each->qemu.version.major,
                each->qemu.version.minor, each->qemu.monitor_objects, each->qemu.sandbox);
    }
    file_write(path, text.data, text.length, 0600, NULL);
}

/* A script may run another program tomorrow; what did not tell may tell then. */
static bool is_worth_a_note(const char *program, const struct spec_qemu *qemu) {
    char start[2] = "#!";
    scoped(file_release) int fd = open(program, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return qemu->version.major && fd >= 0 && read(fd, start, sizeof start) == sizeof start &&
           memcmp(start, "#!", sizeof start) != 0;
}

/* They are read anew: another binary may have been noted while this one was asked. */
static void write_note(const char *path, const struct binary *binary) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct binaries notes = {0};
    pthread_mutex_lock(&lock);
    read_notes(path, &notes);
    if (!find_binary(&notes, binary)) {
        add_binary(&notes, binary);
        write_notes(path, &notes);
    }
    pthread_mutex_unlock(&lock);
}

/* False: to be asked again. */
static bool learn(const char *program, const char *notes_path, struct binary *binary) {
    struct binaries notes = {0};
    if (notes_path)
        read_notes(notes_path, &notes);
    const struct binary *noted = find_binary(&notes, binary);
    if (noted) {
        *binary = *noted;
        return true;
    }
    if (!ask(program, &binary->qemu))
        return false;
    if (notes_path && is_worth_a_note(program, &binary->qemu))
        write_note(notes_path, binary);
    return true;
}

/* It is asked outside of the lock: a QEMU that hangs does not keep the launches of others waiting.
 */
void qemu_program_inspect(const char *program, const char *notes_path, struct spec_qemu *qemu) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct binaries known;
    struct binary binary = {0};
    *qemu = (struct spec_qemu){0};
    if (!qemu_program_identify(program, &binary.identity))
        return;
    pthread_mutex_lock(&lock);
    const struct binary *found = find_binary(&known, &binary);
    if (found)
        *qemu = found->qemu;
    pthread_mutex_unlock(&lock);
    if (found)
        return;
    bool learned = learn(program, notes_path, &binary);
    *qemu = binary.qemu;
    pthread_mutex_lock(&lock);
    if (learned && !find_binary(&known, &binary))
        add_binary(&known, &binary);
    pthread_mutex_unlock(&lock);
}
