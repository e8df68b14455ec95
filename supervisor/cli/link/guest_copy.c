#include "cli/link/guest_copy.h"

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/secret.h"
#include "base/strv.h"
#include "cli/link/ssh_command.h"
#include "host/program.h"
#include "machine/core/vm_script.h"

#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FOLDER_STATUS = 0, NO_FOLDER_STATUS = 10 };
enum { WAIT_MS = 20 };

/* --- places --- */

bool guest_place_parse(const char *text, struct guest_place *place, struct error *error) {
    size_t length = strcspn(text, ":/");
    *place = (struct guest_place){0};
    if (!*text)
        return error_set(error, ERROR_USAGE, "an empty name is no file: use NAME:PATH or PATH");
    const char *path = text[length] == ':' ? text + length + 1 : text;
    if (path != text && path[0] == '~' && (path[1] == '/' || !path[1]))
        path += path[1] ? 2 : 1; /* the home of the user, which paths begin in anyway */
    place->path = *path == '/' || *path == '.' ? alloc_string(path) : alloc_printf("./%s", path);
    if (path == text)
        return true;
    place->instance = alloc_slice(text, length);
    if (name_check_label("instance name", place->instance, NULL))
        return true;
    scoped(alloc_release) char *shown = name_printable(text, strlen(text), 80);
    return error_set(error, ERROR_INVALID,
                     "\"%s\" is no place in a guest: what stands before \":\" is no instance; a "
                     "file of this computer with \":\" in its name is ./NAME",
                     shown);
}

void guest_place_done(struct guest_place *place) {
    alloc_release(&place->instance);
    alloc_release(&place->path);
}

/* --- other programs --- */

/* Waits for it; Ctrl-C ends it. -1: it could not be run, or did not end by itself. */
static int wait_child(pid_t child) {
    int status = 0;
    pid_t ended;
    struct error unused = {0};
    bool told = false;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        if (!told && !interrupt_check(&unused)) {
            kill(child, SIGTERM);
            told = true;
        }
        poll(NULL, 0, WAIT_MS);
    }
    return ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_words(const struct strv *words) {
    pid_t child = fork();
    if (child < 0)
        return -1;
    if (child == 0) {
        execv(words->items[0], words->items);
        _exit(255);
    }
    return wait_child(child);
}

/* ssh's words for the guest, without "--" and the name, which are the last ones. */
static bool ssh_words(const struct guest_copy *copy, const char *instance, struct strv *words,
                      struct error *error) {
    scoped(strv_done) struct strv options = {0};
    if (copy->user)
        strv_pushf(&options, "-oUser=%s", copy->user);
    const struct ssh_command command = {.name = instance, .options = &options};
    if (!ssh_command_make(copy->home, &command, words, error))
        return false;
    for (int i = 0; i < 2; i++)
        alloc_replace(&words->items[--words->count], NULL);
    return true;
}

/* A script of sh with two arguments, where the place is. Its status, or -1 with an error. */
static int run_there(const struct guest_copy *copy, const struct guest_place *place,
                     const char *script, const char *const arguments[2], struct error *error) {
    scoped(strv_done) struct strv words = {0};
    scoped(buffer_done) struct buffer line = {0};
    if (!place->instance) {
        strv_push(&words, "/bin/sh");
        strv_push(&words, "-c");
        strv_push(&words, script);
        strv_push(&words, "sh");
        strv_push(&words, arguments[0]);
        strv_push(&words, arguments[1]);
        return run_words(&words);
    }
    if (!ssh_words(copy, place->instance, &words, error))
        return -1;
    buffer_puts(&line, "exec /bin/sh -c ");
    vm_script_quote(script, &line);
    buffer_puts(&line, " sh ");
    vm_script_quote(arguments[0], &line);
    buffer_putc(&line, ' ');
    vm_script_quote(arguments[1], &line);
    strv_push(&words, "--");
    strv_push(&words, place->instance);
    strv_push(&words, line.data);
    return run_words(&words);
}

/* --- where it goes --- */

struct target {
    struct guest_place place; /* its final path */
    char *part;               /* beside it */
};

static void target_done(struct target *target) {
    guest_place_done(&target->place);
    alloc_release(&target->part);
}

/* What is meant by the contents of a folder (".", "..", "/", "x/.") has no name of its own. */
static const char *last_name(char *path) {
    const char *name = basename(path);
    bool own = strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, "/") != 0;
    return own ? name : NULL;
}

static bool is_folder(const struct guest_copy *copy, const struct guest_place *place, bool *folder,
                      struct error *error) {
    static const char script[] = "[ -d \"$1\" ] && exit 0; exit 10";
    const char *const arguments[2] = {place->path, ""};
    int status = run_there(copy, place, script, arguments, error);
    *folder = status == FOLDER_STATUS;
    if (*folder || status == NO_FOLDER_STATUS)
        return true;
    return interrupt_check(error) &&
           error_set(error, ERROR_FAILED, "%s cannot be reached by ssh: nothing was copied",
                     place->instance ? place->instance : place->path);
}

static char *path_in(const char *folder, const char *name) {
    size_t length = strlen(folder);
    return alloc_printf("%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
}

static void find_target(const struct guest_place *source, const struct guest_place *destination,
                        bool inside, struct target *target) {
    uint32_t random;
    scoped(alloc_release) char *copied = alloc_string(source->path);
    scoped(alloc_release) char *above = alloc_string(destination->path);
    const char *name = inside ? last_name(copied) : NULL;
    target->place.instance = alloc_string(destination->instance);
    target->place.path = name ? path_in(destination->path, name) : alloc_string(destination->path);
    const char *folder = inside ? destination->path : dirname(above);
    secret_random(&random, sizeof random);
    scoped(alloc_release) char *part = alloc_printf(".pgsup-%08x.part", random);
    target->part = path_in(folder, part);
}

/* --- the copy --- */

/* scp takes the path of a source in a guest for a pattern. */
static void push_place(const struct guest_place *place, bool is_source, struct strv *words) {
    struct buffer text = {0};
    if (place->instance)
        buffer_printf(&text, "%s:", place->instance);
    for (const char *each = place->path; *each; each++) {
        if (place->instance && is_source && strchr("*?[]\\{}", *each))
            buffer_putc(&text, '\\');
        buffer_putc(&text, *each);
    }
    strv_take(words, buffer_take(&text));
}

static bool scp_words(const struct guest_copy *copy, const struct guest_place *source,
                      const struct target *target, struct strv *words, struct error *error) {
    const char *instance = source->instance ? source->instance : target->place.instance;
    char *scp = program_find("scp", error);
    const struct guest_place part = {target->place.instance, target->part};
    struct strv other = {0};
    bool good = scp && ssh_words(copy, instance, words, error) &&
                (!source->instance || !target->place.instance ||
                 ssh_words(copy, target->place.instance, &other, error));
    strv_done(&other);
    if (!good) {
        alloc_release(&scp);
        return false;
    }
    alloc_replace(&words->items[0], scp);
    strv_push(words, "-s");
    if (copy->recursive)
        strv_push(words, "-r");
    if (copy->preserves)
        strv_push(words, "-p");
    if (copy->quiet)
        strv_push(words, "-q");
    strv_push(words, "--");
    push_place(source, true, words);
    push_place(&part, false, words);
    return true;
}

/* Ctrl-C has been pressed, perhaps, but this is short. */
static void remove_part(const struct guest_copy *copy, const struct target *target) {
    struct error ignored = {0};
    const char *const arguments[2] = {target->part, ""};
    run_there(copy, &target->place, "rm -rf -- \"$1\"", arguments, &ignored);
}

/* Onto what is there: a folder keeps what else is in it, a link stays one. */
static bool put_in_place(const struct guest_copy *copy, const struct target *target,
                         struct error *error) {
    static const char script[] =
        "if [ -L \"$2\" ]; then t=$(readlink -f -- \"$2\") && set -- \"$1\" \"$t\"; fi\n"
        "if [ -d \"$1\" ] && [ -d \"$2\" ]; then cp -R -p -- \"$1/.\" \"$2/\" && rm -rf -- \"$1\"\n"
        "elif [ -d \"$2\" ]; then echo \"$2 is a folder\" >&2; exit 1\n"
        "else mv -f -- \"$1\" \"$2\"; fi";
    const char *const arguments[2] = {target->part, target->place.path};
    return run_there(copy, &target->place, script, arguments, error) == 0;
}

static bool check_local(const struct guest_copy *copy, const struct guest_place *source,
                        struct error *error) {
    struct stat status;
    if (source->instance)
        return true;
    if (stat(source->path, &status) < 0)
        return error_set(error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILED,
                         "cannot read %s: %s", source->path, strerror(errno));
    if (S_ISDIR(status.st_mode) && !copy->recursive)
        return error_set(error, ERROR_USAGE, "%s is a folder: use -r", source->path);
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ||
           error_set(error, ERROR_INVALID, "%s is neither a file nor a folder", source->path);
}

static bool copy_to(const struct guest_copy *copy, const struct guest_place *source,
                    const struct target *target, struct error *error) {
    scoped(strv_done) struct strv words = {0};
    if (!scp_words(copy, source, target, &words, error))
        return false;
    int status = run_words(&words);
    struct error stopped = {0};
    bool good = interrupt_check(&stopped) && status == 0 && put_in_place(copy, target, error);
    if (good)
        return true;
    remove_part(copy, target);
    if (stopped.code != ERROR_NONE)
        return error_set(error, stopped.code, "interrupted: %s was not copied", source->path);
    return error_set(error, ERROR_FAILED, "%s was not copied to %s%s%s, which is as it was",
                     source->path, target->place.instance ? target->place.instance : "",
                     target->place.instance ? ":" : "", target->place.path);
}

bool guest_copy_run(const struct guest_copy *copy, const struct guest_place *source,
                    const struct guest_place *destination, bool inside, struct error *error) {
    struct target target = {0};
    bool folder = false;
    bool good = check_local(copy, source, error) && is_folder(copy, destination, &folder, error);
    if (good && inside && !folder)
        good = error_set(error, ERROR_INVALID, "%s is not a folder, so it cannot take several",
                         destination->path);
    if (good) {
        find_target(source, destination, folder, &target);
        good = copy_to(copy, source, &target, error);
    }
    target_done(&target);
    return good;
}
