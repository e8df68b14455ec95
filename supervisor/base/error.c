#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    int exit_status;
} codes[] = {
#define ERROR_ROW(name, word, status) [name] = {word, status},
    ERROR_CODES(ERROR_ROW)
#undef ERROR_ROW
};

static void error_put(struct error *error, enum error_code code, const char *format,
                      va_list arguments) __attribute__((format(printf, 3, 0)));

static void error_put(struct error *error, enum error_code code, const char *format,
                      va_list arguments) {
    error->code = code;
    vsnprintf(error->text, sizeof error->text, format, arguments);
}

bool error_set(struct error *error, enum error_code code, const char *format, ...) {
    if (error && error->code == ERROR_NONE) {
        va_list arguments;
        va_start(arguments, format);
        error_put(error, code, format, arguments);
        va_end(arguments);
    }
    return false;
}

bool error_copy(struct error *error, const struct error *from) {
    if (error && error->code == ERROR_NONE)
        *error = *from;
    return false;
}

/* What the user set up so, as opposed to what broke. */
static enum error_code code_of(int number) {
    if (number == EEXIST)
        return ERROR_EXISTS;
    if (number == ENAMETOOLONG || number == ELOOP)
        return ERROR_INVALID;
    bool forbidden = number == EACCES || number == EPERM || number == EROFS || number == ENOTDIR;
    return forbidden ? ERROR_WRONG_STATE : ERROR_FAILED;
}

bool error_errno(struct error *error, const char *format, ...) {
    int number = errno;
    if (error && error->code == ERROR_NONE) {
        va_list arguments;
        va_start(arguments, format);
        error_put(error, code_of(number), format, arguments);
        va_end(arguments);
        size_t used = strlen(error->text);
        snprintf(error->text + used, sizeof error->text - used, ": %s", strerror(number));
    }
    return false;
}

bool error_prefix(struct error *error, const char *format, ...) {
    if (error) {
        char old[sizeof error->text];
        memcpy(old, error->text, sizeof old);
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
        size_t used = strlen(error->text);
        snprintf(error->text + used, sizeof error->text - used, ": %s", old);
    }
    return false;
}

bool error_about(struct error *error, const char *key) {
    if (error && !error->about)
        error->about = key;
    return false;
}

void error_clear(struct error *error) {
    *error = (struct error){0};
}

int error_exit_status(enum error_code code) {
    return codes[code].exit_status;
}

const char *error_word(enum error_code code) {
    return codes[code].word;
}

bool error_code_from_word(const char *word, enum error_code *code) {
    for (int i = 0; i < ERROR_CODE_COUNT; i++) {
        if (strcmp(codes[i].word, word) == 0) {
            *code = (enum error_code)i;
            return true;
        }
    }
    return false;
}
