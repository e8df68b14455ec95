#include "cli/doctor/finding.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/platform.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

const char *finding_word(enum verdict verdict) {
    static const char *const words[VERDICT_COUNT] = {"ok", "warning", "failure"};
    return words[verdict];
}

__attribute__((format(printf, 3, 0))) static void
set_verdict(struct finding *finding, enum verdict verdict, const char *format, va_list arguments) {
    struct buffer text = {0};
    buffer_vprintf(&text, format, arguments);
    alloc_replace(&finding->text, buffer_take(&text));
    finding->verdict = verdict;
}

void finding_ok(struct finding *finding, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    set_verdict(finding, VERDICT_OK, format, arguments);
    va_end(arguments);
}

void finding_warn(struct finding *finding, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    set_verdict(finding, VERDICT_WARNING, format, arguments);
    va_end(arguments);
}

void finding_fail(struct finding *finding, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    set_verdict(finding, VERDICT_FAILURE, format, arguments);
    va_end(arguments);
}

void finding_mend_words(struct finding *finding, const char *const *words) {
    for (; *words; words++)
        strv_push(&finding->mend, *words);
}

void finding_mend_words_by_root(struct finding *finding, const char *const *words) {
    if (geteuid() != 0)
        strv_push(&finding->mend, "sudo");
    finding_mend_words(finding, words);
}

static void push_parts(struct strv *words, const char *text) {
    while (*text) {
        size_t length = strcspn(text, " ");
        scoped(alloc_release) char *word = alloc_slice(text, length);
        strv_push(words, word);
        text += length + strspn(text + length, " ");
    }
}

/* Homebrew refuses to run as root. */
void finding_mend_package(struct finding *finding, const char *program) {
    if (!platform_is_macos() && geteuid() != 0)
        strv_push(&finding->mend, "sudo");
    push_parts(&finding->mend, platform_install_hint());
    push_parts(&finding->mend, platform_package_of(program));
}

static void put_quoted(struct buffer *line, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    if (*word && strspn(word, plain) == strlen(word)) {
        buffer_puts(line, word);
        return;
    }
    buffer_putc(line, '\'');
    for (; *word; word++)
        buffer_printf(line, *word == '\'' ? "'\\'%c" : "%c", *word);
    buffer_putc(line, '\'');
}

char *finding_command(const struct finding *finding) {
    struct buffer line = {0};
    if (finding->mend.count == 0)
        return NULL;
    for (size_t i = 0; i < finding->mend.count; i++) {
        if (i)
            buffer_putc(&line, ' ');
        put_quoted(&line, finding->mend.items[i]);
    }
    return buffer_take(&line);
}

void finding_done(struct finding *finding) {
    alloc_release(&finding->text);
    strv_done(&finding->mend);
    *finding = (struct finding){0};
}
