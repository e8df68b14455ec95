#include "home/seed/schema.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "host/program.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS        30000
#define SHOWN_LIMIT_BYTES 600u
#define INVALID           "schema errors:" /* cloud-init: config/schema.py */
#define DEPRECATED        "schema deprecations:"

enum { ARGUMENT_PATH = 3 };

/* The text behind a heading, up to the next paragraph, as one printable line; caller frees. */
static char *words_behind(const char *said, const char *heading) {
    const char *text = strstr(said, heading);
    text = text ? text + strlen(heading) : said;
    text += strspn(text, " \t\r\n");
    const char *end = strstr(text, "\n\n");
    const char *verdict = strstr(text, "\nValid ");
    if (verdict && (!end || verdict < end))
        end = verdict;
    scoped(alloc_release) char *copy = alloc_slice(text, end ? (size_t)(end - text) : strlen(text));
    for (char *p = copy; *p; p++)
        if (isspace((unsigned char)*p))
            *p = ' ';
    size_t length = strlen(copy);
    while (length && copy[length - 1] == ' ')
        length--;
    return name_printable(copy, length, SHOWN_LIMIT_BYTES);
}

/* What cloud-init says of the text, with the name that its user knows it by. */
static bool ask(char *const argv[], const char *shown, struct buffer *said, struct error *error) {
    const char *path = argv[ARGUMENT_PATH];
    scoped(buffer_done) struct buffer output = {0};
    bool valid = program_run(argv, TIMEOUT_MS, &output, error);
    for (const char *at = output.data; at && *at;) {
        const char *found = strstr(at, path), *end = found ? found : at + strlen(at);
        buffer_append(said, at, (size_t)(end - at));
        buffer_puts(said, found ? shown : "");
        at = found ? found + strlen(path) : NULL;
    }
    buffer_append(said, "", 0);
    return valid;
}

static bool judge_words(const char *shown, const char *said, const struct error *problem,
                        char **remarks, struct error *error) {
    bool valid = problem->code == ERROR_NONE;
    if (!valid && strstr(said, INVALID)) {
        scoped(alloc_release) char *words = words_behind(said, INVALID);
        return error_set(error, ERROR_INVALID, "%s: `cloud-init schema` reports: %s", shown, words);
    }
    if (!valid)
        *remarks = alloc_printf("%s could not be checked by cloud-init: %s", shown, problem->text);
    else if (strstr(said, DEPRECATED)) {
        scoped(alloc_release) char *words = words_behind(said, DEPRECATED);
        *remarks = alloc_printf("%s: `cloud-init schema` reports: %s", shown, words);
    }
    return true;
}

/* Only its user can read it: it may contain secrets. */
static char *write_copy(const struct buffer *text, struct error *error) {
    const char *folder = getenv("TMPDIR");
    char *path = alloc_printf("%s/pgsup-schema.XXXXXX", folder && *folder ? folder : "/tmp");
    scoped(file_release) int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0 && file_write_all(fd, text->data, text->length))
        return path;
    error_errno(error, "cannot write %s", path);
    if (fd >= 0)
        unlink(path);
    free(path);
    return NULL;
}

bool schema_check(const char *shown, const struct buffer *text, char **remarks,
                  struct error *error) {
    scoped(buffer_done) struct buffer said = {0};
    scoped(alloc_release) char *program = program_find("cloud-init", NULL);
    struct error problem = {0};
    *remarks = NULL;
    if (!program)
        return true;
    scoped(alloc_release) char *path = write_copy(text, error);
    char *argv[] = {program, "schema", "-c", path, NULL};
    if (!path)
        return false;
    ask(argv, shown, &said, &problem);
    unlink(path);
    return judge_words(shown, said.data, &problem, remarks, error);
}
