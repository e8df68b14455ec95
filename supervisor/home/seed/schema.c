#include "home/seed/schema.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "host/program.h"

#include <ctype.h>
#include <string.h>

#define TIMEOUT_MS        30000
#define SHOWN_LIMIT_BYTES 600u
#define INVALID           "schema errors:" /* cloud-init: config/schema.py */
#define DEPRECATED        "schema deprecations:"

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

bool schema_check(const char *path, char **remarks, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *absolute = file_absolute(path);
    scoped(alloc_release) char *program = program_find("cloud-init", NULL);
    char *argv[] = {program, "schema", "-c", absolute, NULL};
    struct error problem = {0};
    *remarks = NULL;
    if (!program)
        return true;
    bool valid = program_run(argv, TIMEOUT_MS, &output, &problem);
    const char *said = output.data ? output.data : "";
    if (!valid && strstr(said, INVALID)) {
        scoped(alloc_release) char *words = words_behind(said, INVALID);
        return error_set(error, ERROR_INVALID, "%s: `cloud-init schema` reports: %s", path, words);
    }
    if (!valid)
        *remarks = alloc_printf("%s could not be checked by cloud-init: %s", path, problem.text);
    else if (strstr(said, DEPRECATED)) {
        scoped(alloc_release) char *words = words_behind(said, DEPRECATED);
        *remarks = alloc_printf("%s: `cloud-init schema` reports: %s", path, words);
    }
    return true;
}
