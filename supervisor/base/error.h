/* The one error type. The caller allocates it, it is the last parameter, it is untouched on
 * success, and the first error wins: a second error_set() on the same object changes nothing.
 * A text is one sentence without a final full stop that names what was wrong and what to do;
 * error_prefix() adds context on the way up.
 *
 *     if (!home_open(&home, path, error))
 *         return error_prefix(error, "cannot list instances");
 *
 * All of them return false, so that they can end a function that returns bool. A NULL error is
 * allowed. A check of one among several settings adds which one it is about:
 *
 *     return check_vcpu(options->vcpu, &vcpu, error) || error_about(error, "vcpu");
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* name, word on the control socket, exit status of the command line (topics/exit-status.md) */
#define ERROR_CODES(X)                                                                             \
    X(ERROR_NONE, "ok", 0)                                                                         \
    X(ERROR_FAILED, "failed", 1)           /* something outside refused or broke */                \
    X(ERROR_USAGE, "usage", 2)             /* the command line itself is wrong */                  \
    X(ERROR_INVALID, "invalid", 2)         /* a value makes no sense */                            \
    X(ERROR_NOT_FOUND, "not-found", 3)     /* no such instance, image, cloud, program */           \
    X(ERROR_WRONG_STATE, "wrong-state", 3) /* exists, but its state or mode forbids it */          \
    X(ERROR_EXISTS, "exists", 3)           /* name, address or port already taken */               \
    X(ERROR_NO_SUPERVISOR, "no-supervisor", 4)                                                     \
    X(ERROR_TIMEOUT, "timeout", 5)                                                                 \
    X(ERROR_CANCELLED, "cancelled", 1)

#define ERROR_ENUM(name, word, status) name,
enum error_code { ERROR_CODES(ERROR_ENUM) ERROR_CODE_COUNT };
#undef ERROR_ENUM

struct error {
    enum error_code code;
    const char *about; /* setting at fault, by its key in a lab file (home/lab/lab.h); NULL: none is
                          known. Static; it is not sent to another process. */
    char text[1024];
};

bool error_set(struct error *error, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool error_copy(struct error *error, const struct error *from);
/* Appends ": strerror(errno)"; ERROR_WRONG_STATE for a lack of permission, else ERROR_FAILED. */
bool error_errno(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* key: a static text. As with error_set() the first one counts. */
bool error_about(struct error *error, const char *key);
void error_clear(struct error *error);

int error_exit_status(enum error_code code);
const char *error_word(enum error_code code);
bool error_code_from_word(const char *word, enum error_code *code);
