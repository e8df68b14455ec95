#include "password_input.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/secret.h"
#include "base/text_form.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define NBSP "\xC2\xA0" /* no-break space */

/* One line; the byte beyond the limit shows that a password is too long. */
struct password_line {
    char text[PASSWORD_INPUT_LIMIT_BYTES + 1];
    size_t length;
};

static const int prompt_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define PROMPT_SIGNAL_COUNT (sizeof prompt_signals / sizeof *prompt_signals)

static volatile sig_atomic_t prompt_signal; /* the one that ended the prompt */

void password_input_release(char **password) {
    if (*password)
        secret_wipe(*password, strlen(*password));
    alloc_release(password);
}

/* Reads byte by byte, so that it consumes nothing after the line. False: no line. */
static bool read_line(int fd, struct password_line *line) {
    line->length = 0;
    for (;;) {
        char byte;
        ssize_t got = read(fd, &byte, 1);
        if (got < 0 && errno == EINTR && !prompt_signal)
            continue;
        if (got < 0)
            return false;
        if (got == 0 || byte == '\n')
            return true;
        line->text[line->length++] = byte;
        if (line->length == sizeof line->text)
            return true;
    }
}

static bool refuse_unseen(const char *text, size_t length, size_t at, struct error *error) {
    size_t bytes = text_form_invisible(text + at, length - at);
    const char *where = at == 0 ? "begins" : at + bytes == length ? "ends" : "goes on";
    scoped(alloc_release) char *name = text_form_name(text + at, length - at);
    return error_set(error, ERROR_INVALID,
                     "the admin password %s with %s, which nobody sees: remove it", where, name);
}

/* What Option and the space bar of a Mac type: within a password it may be meant. */
static bool is_typed(const char *text, size_t length, size_t at) {
    return at > 0 && length - at > sizeof NBSP - 1 && memcmp(text + at, NBSP, sizeof NBSP - 1) == 0;
}

/* Nobody could log in with what he does not see, or with bytes that no terminal sends. */
static bool check_characters(const char *text, size_t length, struct error *error) {
    for (size_t i = 0, bytes; i < length; i += bytes) {
        if (text_form_invisible(text + i, length - i) && !is_typed(text, length, i))
            return refuse_unseen(text, length, i, error);
        bytes = text_form_character(text + i, length - i);
        if (!bytes)
            return error_set(error, ERROR_INVALID,
                             "the admin password is not text in UTF-8 (byte %zu), so nobody could "
                             "type it: save its file as UTF-8",
                             i + 1);
    }
    return true;
}

/* A copy of the line as a string. */
static char *accept_line(struct password_line *line, struct error *error) {
    struct error form = {0};
    if (text_form_has_bom(line->text, line->length)) {
        line->length -= TEXT_FORM_BOM_BYTES;
        memmove(line->text, line->text + TEXT_FORM_BOM_BYTES, line->length);
    }
    size_t length = line->length;
    if (length > 0 && length < sizeof line->text && line->text[length - 1] == '\r')
        length--;
    if (length == 0)
        error_set(error, ERROR_INVALID, "the admin password is empty");
    else if (length > PASSWORD_INPUT_LIMIT_BYTES)
        error_set(error, ERROR_INVALID, "the admin password is longer than %u bytes",
                  PASSWORD_INPUT_LIMIT_BYTES);
    else if (!text_form_check(line->text, line->length, &form))
        error_set(error, form.code, "the file of the admin password: %s", form.text);
    else if (memchr(line->text, '\0', length))
        error_set(error, ERROR_INVALID, "the admin password contains a NUL byte");
    else if (check_characters(line->text, length, error))
        return alloc_slice(line->text, length);
    return NULL;
}

/* Perhaps meant so. */
static void warn_of_ends(const char *password) {
    size_t length = password ? strlen(password) : 0;
    if (length == 0)
        return;
    char first = password[0], last = password[length - 1];
    size_t start = length - 1; /* of the last character */
    while (start > 0 && ((unsigned char)password[start] & 0xC0) == 0x80)
        start--;
    if (start > 0 && text_form_quote(password, length) &&
        text_form_quote(password + start, length - start))
        invocation_warn("the quotation marks around the admin password are part of it");
    else if (first == ' ' || first == '\t' || last == ' ' || last == '\t')
        invocation_warn("the blanks around the admin password are part of it");
}

static char *read_file(const char *path, struct error *error) {
    bool standard_input = strcmp(path, "-") == 0;
    if (!standard_input && !invocation_check_file(path, "password file", error))
        return NULL;
    scoped(file_release) int opened = standard_input ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    struct password_line line;
    char *password = NULL;
    if ((standard_input || opened >= 0) &&
        read_line(standard_input ? STDIN_FILENO : opened, &line)) {
        password = accept_line(&line, error);
        warn_of_ends(password);
    } else
        error_errno(error, "cannot read the password file \"%s\"", path);
    secret_wipe(&line, sizeof line);
    return password;
}

static char *read_command_line(const struct invocation *invocation, struct error *error) {
    struct password_line line = {0};
    const char *given = invocation_option(invocation, "admin-password");
    size_t length = strlen(given);
    line.length = length < sizeof line.text ? length : sizeof line.text;
    memcpy(line.text, given, line.length);
    invocation_wipe(invocation, "admin-password");
    invocation_warn("others can see a password given with --admin-password in the process list "
                    "and in the shell's history: use --admin-password-file");
    char *password = accept_line(&line, error);
    secret_wipe(&line, sizeof line);
    return password;
}

static void note_signal(int number) {
    prompt_signal = number;
}

/* A signal must not leave the terminal without echo: it ends the read, and is raised again when the
 * terminal is as before. */
static void catch_signals(struct sigaction before[PROMPT_SIGNAL_COUNT]) {
    struct sigaction action = {.sa_handler = note_signal};
    sigemptyset(&action.sa_mask);
    prompt_signal = 0;
    for (size_t i = 0; i < PROMPT_SIGNAL_COUNT; i++) {
        bool ignored = interrupt_is_ignored(prompt_signals[i]);
        sigaction(prompt_signals[i], ignored ? NULL : &action, &before[i]);
    }
}

static void restore_signals(const struct sigaction before[PROMPT_SIGNAL_COUNT]) {
    for (size_t i = 0; i < PROMPT_SIGNAL_COUNT; i++)
        sigaction(prompt_signals[i], &before[i], NULL);
    if (prompt_signal)
        raise(prompt_signal);
    prompt_signal = 0;
}

static bool put_prompt(int terminal, const char *text) {
    return write(terminal, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool ask_without_echo(int terminal, const char *prompt, struct password_line *line) {
    struct sigaction actions[PROMPT_SIGNAL_COUNT];
    struct termios before, quiet;
    if (tcgetattr(terminal, &before) < 0)
        return false;
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    catch_signals(actions);
    bool good = tcsetattr(terminal, TCSAFLUSH, &quiet) == 0 && put_prompt(terminal, prompt) &&
                read_line(terminal, line) && put_prompt(terminal, "\n");
    tcsetattr(terminal, TCSAFLUSH, &before);
    restore_signals(actions);
    return good;
}

static char *ask_twice(int terminal, struct error *error) {
    struct password_line first = {0}, second = {0};
    char *password = NULL;
    if (!ask_without_echo(terminal, "Admin password: ", &first) ||
        !ask_without_echo(terminal, "Repeat the password: ", &second))
        error_set(error, ERROR_CANCELLED, "no admin password was entered");
    else if (first.length != second.length || memcmp(first.text, second.text, first.length) != 0)
        error_set(error, ERROR_INVALID, "the two passwords differ: nothing was changed");
    else
        password = accept_line(&first, error);
    secret_wipe(&first, sizeof first);
    secret_wipe(&second, sizeof second);
    return password;
}

static char *prompt(struct error *error) {
    scoped(file_release) int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal >= 0)
        return ask_twice(terminal, error);
    error_set(error, ERROR_USAGE,
              "there is no terminal to ask for the admin password: use "
              "--admin-password-file FILE, or - for standard input");
    return NULL;
}

/* Two that contradict each other; one given on the command line is wiped all the same. */
static bool check_one_way(const struct invocation *invocation, struct error *error) {
    static const char *const ways[] = {"admin-password", "admin-password-file",
                                       "no-admin-password"};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!invocation_given(invocation, ways[i]))
            continue;
        if (first) {
            invocation_wipe(invocation, "admin-password");
            return error_set(error, ERROR_USAGE, "use --%s or --%s, not both", ways[i], first);
        }
        first = ways[i];
    }
    return true;
}

bool password_input_read(const struct invocation *invocation, char **password,
                         struct error *error) {
    const char *file = invocation_option(invocation, "admin-password-file");
    *password = NULL;
    if (!check_one_way(invocation, error))
        return false;
    if (invocation_flag(invocation, "no-admin-password"))
        return true;
    *password = invocation_given(invocation, "admin-password")
                    ? read_command_line(invocation, error)
                : file ? read_file(file, error)
                       : prompt(error);
    return *password != NULL;
}
