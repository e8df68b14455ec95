#include "fake_faults.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT_BYTES 4096

enum kind { FLAG, ZERO, ANY, NUMBER, TEXT, LIST }; /* the first three stand without a value */

static const struct {
    const char *word;
    enum kind kind;
    size_t offset;
} words[] = {
    {"stderr", TEXT, offsetof(struct fake_faults, stderr_text)},
    {"exit", NUMBER, offsetof(struct fake_faults, exit_status)},
    {"console", TEXT, offsetof(struct fake_faults, console)},
    {"stop-as", TEXT, offsetof(struct fake_faults, stop_as)},
    {"stop-node", TEXT, offsetof(struct fake_faults, stop_node)},
    {"stop-text", TEXT, offsetof(struct fake_faults, stop_text)},
    {"exit-before-greeting", FLAG, offsetof(struct fake_faults, exit_before_greeting)},
    {"exit-after-greeting", FLAG, offsetof(struct fake_faults, exit_after_greeting)},
    {"no-greeting", FLAG, offsetof(struct fake_faults, no_greeting)},
    {"exit-mid-reply", ANY, offsetof(struct fake_faults, exit_mid_reply)},
    {"exit-mid-reply", TEXT, offsetof(struct fake_faults, exit_mid_reply)},
    {"garbage", ZERO, offsetof(struct fake_faults, garbage_after)},
    {"garbage-after", NUMBER, offsetof(struct fake_faults, garbage_after)},
    {"long-line", NUMBER, offsetof(struct fake_faults, long_line_bytes)},
    {"wrong-id", FLAG, offsetof(struct fake_faults, wrong_id)},
    {"duplicate-reply", FLAG, offsetof(struct fake_faults, duplicate_reply)},
    {"no-reply", LIST, offsetof(struct fake_faults, no_reply)},
    {"ignore-powerdown", FLAG, offsetof(struct fake_faults, ignore_powerdown)},
    {"ignore-quit", FLAG, offsetof(struct fake_faults, ignore_quit)},
    {"ignore-sigterm", FLAG, offsetof(struct fake_faults, ignore_sigterm)},
    {"tell-commands", FLAG, offsetof(struct fake_faults, tell_commands)},
    {"event-storm", NUMBER, offsetof(struct fake_faults, event_storm)},
    {"hang-after", NUMBER, offsetof(struct fake_faults, hang_after)},
    {"slow", NUMBER, offsetof(struct fake_faults, slow_ms)},
    {"powerdown-delay", NUMBER, offsetof(struct fake_faults, powerdown_ms)},
};

static void set(void *field, enum kind kind, const char *value) {
    switch (kind) {
    case FLAG: *(bool *)field = true; break;
    case ZERO: *(long *)field = 0; break;
    case ANY: alloc_replace(field, alloc_string("")); break;
    case NUMBER: *(long *)field = strtol(value, NULL, 10); break;
    case TEXT: alloc_replace(field, alloc_string(value)); break;
    case LIST: strv_push(field, value); break;
    }
}

static bool read_word(struct fake_faults *faults, const char *word) {
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == length && strncmp(words[i].word, word, length) == 0 &&
            (equals != NULL) == (words[i].kind >= NUMBER)) {
            set((char *)faults + words[i].offset, words[i].kind, equals ? equals + 1 : NULL);
            return true;
        }
    fprintf(stderr, "fake-qemu: \"%s\" is no misbehaviour of mine\n", word);
    return false;
}

static bool read_words(struct fake_faults *faults, const char *text) {
    scoped(alloc_release) char *copy = alloc_string(text);
    char *rest = NULL;
    for (char *word = strtok_r(copy, ",\n", &rest); word; word = strtok_r(NULL, ",\n", &rest))
        if (!read_word(faults, word))
            return false;
    return true;
}

bool fake_faults_read(struct fake_faults *faults) {
    const char *text = getenv("FAKE_QEMU"), *path = getenv("FAKE_QEMU_FILE");
    fake_faults_done(faults);
    *faults = (struct fake_faults){.exit_status = -1, .hang_after = -1, .garbage_after = -1};
    if (text && !read_words(faults, text))
        return false;
    if (!path || !file_exists(path))
        return true;
    struct error error = {0};
    scoped(buffer_done) struct buffer content = {0};
    if (!file_read(path, FILE_LIMIT_BYTES, &content, &error)) {
        fprintf(stderr, "fake-qemu: %s\n", error.text);
        return false;
    }
    return content.length == 0 || read_words(faults, content.data);
}

void fake_faults_done(struct fake_faults *faults) {
    free(faults->stderr_text);
    free(faults->exit_mid_reply);
    free(faults->console);
    free(faults->stop_as);
    free(faults->stop_node);
    free(faults->stop_text);
    strv_done(&faults->no_reply);
}
