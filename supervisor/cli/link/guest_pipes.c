#include "guest_pipes.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/link/guest_file.h"
#include "cli/link/guest_pipe_folder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FILE_MAX_BYTES = 1 << 20, /* 128 blocks of 8192 bytes there */
    AHEAD_MAX = 3,
    BEAT_MS = 30000,
    WRITE_TURN_MS = 50, /* for a reader who reads, so that few turns are needed */
};

/* --- the command, in the guest --- */

/* The command takes the place of this shell, so that the agent knows its process and its status.
 * One that is not there is told without this shell's own name and line. */
static const char around[] =
    "d=$1; if [ \"$2\" = - ]; then i=/dev/null; else i=$d/i; fi\n"
    "shift 2; exec <\"$i\" >\"$d/o\" 2>\"$d/e\"\n"
    "case $1 in */*) [ -e \"$1\" ] ;; *) command -v -- \"$1\" >/dev/null ;; esac || {\n"
    "printf '%s: not found\\n' \"$1\" >&2; exit 127; }\n"
    "exec \"$@\"";

void guest_pipes_words(const struct guest_pipes *pipes, char *const command[], struct strv *words) {
    strv_push(words, "/bin/sh");
    strv_push(words, "-c");
    strv_push(words, around);
    strv_push(words, "sh");
    strv_push(words, pipes->folder);
    strv_push(words, pipes->input.fd < 0 ? "-" : "+");
    for (; *command; command++)
        strv_push(words, *command);
}

/* --- outputs --- */

static bool set_gone(const struct guest_pipes *pipes, struct error *error) {
    return error_set(error, ERROR_FAILED,
                     "what the command said was cut: the guest gave up its pipes, most likely for "
                     "lack of space in %s",
                     pipes->folder);
}

static bool close_file(struct guest_pipes *pipes, struct guest_pipe *pipe, struct error *error) {
    json_int_t handle = pipe->handle;
    pipe->handle = 0;
    return guest_file_close(pipes->talk, handle, error);
}

static char *number_path(const struct guest_pipes *pipes, char letter, unsigned number) {
    return alloc_printf("%s/%c%u", pipes->folder, letter, number);
}

static bool put_unsent(struct guest_pipes *pipes, struct guest_pipe *pipe, struct error *error) {
    ssize_t put = file_write_some(pipe->fd, pipe->unsent.data, pipe->unsent.length, WRITE_TURN_MS);
    if (put < 0) {
        pipe->unread = errno == EPIPE;
        return error_errno(error, "cannot write standard %s",
                           pipe->letter == 'o' ? "output" : "error");
    }
    pipes->moved = pipes->moved || put > 0;
    buffer_consume(&pipe->unsent, (size_t)put);
    return true;
}

static bool take_bytes(struct guest_pipes *pipes, struct guest_pipe *pipe, struct error *error) {
    size_t before = pipe->unsent.length;
    size_t limit = FILE_MAX_BYTES + 1; /* one more: so that its end is seen at once */
    if (!guest_file_read(pipes->talk, pipe->handle, limit, &pipe->unsent, error))
        return false;
    size_t length = pipe->unsent.length - before;
    pipe->bytes += length;
    pipes->moved = pipes->moved || length > 0;
    return put_unsent(pipes, pipe, error);
}

/* What is under its name there may be another file by now, if somebody removed the one that is
 * open: then nothing that came after is known. */
static bool check_end(struct guest_pipes *pipes, const char *path, struct error *error) {
    json_int_t handle = 0;
    scoped(buffer_done) struct buffer bytes = {0};
    bool good = guest_file_open(pipes->talk, path, "r", &handle, error) &&
                guest_file_read(pipes->talk, handle, 1, &bytes, error) &&
                guest_file_close(pipes->talk, handle, error);
    return good && (bytes.length == 0 || set_gone(pipes, error));
}

/* The number is complete. Emptying it tells the guest that it has been taken. */
static bool take_next(struct guest_pipes *pipes, struct guest_pipe *pipe, struct error *error) {
    scoped(alloc_release) char *taken = number_path(pipes, pipe->letter, pipe->number);
    scoped(alloc_release) char *next = number_path(pipes, pipe->letter, pipe->number + 1);
    if (!take_bytes(pipes, pipe, error) || !close_file(pipes, pipe, error))
        return false;
    if (pipe->bytes == 0)
        return pipe->ended = check_end(pipes, taken, error);
    pipe->number++;
    pipe->bytes = 0;
    return guest_file_clear(pipes->talk, taken, error) &&
           guest_file_open(pipes->talk, next, "r", &pipe->handle, error);
}

static bool take_pipe(struct guest_pipes *pipes, struct guest_pipe *pipe, struct error *error) {
    if (pipe->ended)
        return true;
    if (!put_unsent(pipes, pipe, error))
        return false;
    if (pipe->unsent.length > 0)
        return true;
    scoped(alloc_release) char *next = number_path(pipes, pipe->letter, pipe->number + 1);
    if (!take_bytes(pipes, pipe, error))
        return false;
    int complete = guest_file_exists(pipes->talk, next, error);
    return complete == 0 || (complete > 0 && take_next(pipes, pipe, error));
}

/* --- input --- */

/* Into the file that is open, which it completes; without bytes it is the end. */
static bool give_bytes(struct guest_pipes *pipes, const struct buffer *bytes, struct error *error) {
    struct guest_pipe *input = &pipes->input;
    scoped(alloc_release) char *next = number_path(pipes, input->letter, ++input->number);
    pipes->moved = true;
    input->ended = bytes->length == 0;
    return (input->ended || guest_file_write(pipes->talk, input->handle, bytes, error)) &&
           close_file(pipes, input, error) &&
           guest_file_open(pipes->talk, next, "w", &input->handle, error) &&
           (!input->ended || close_file(pipes, input, error));
}

static bool input_is_ready(const struct guest_pipe *input) {
    struct pollfd ready = {.fd = input->fd, .events = POLLIN};
    return poll(&ready, 1, 0) > 0;
}

/* What there is, up to a whole file. False: it has ended. */
static bool read_input(const struct guest_pipe *input, struct buffer *bytes, bool *good,
                       struct error *error) {
    char chunk[65536];
    while (bytes->length + sizeof chunk <= FILE_MAX_BYTES && input_is_ready(input)) {
        ssize_t length = read(input->fd, chunk, sizeof chunk);
        if (length == 0 || (length < 0 && errno == EBADF))
            return false;
        if (length < 0 && errno != EINTR && errno != EAGAIN)
            return *good = error_errno(error, "cannot read standard input");
        if (length > 0)
            buffer_append(bytes, chunk, (size_t)length);
    }
    return true;
}

static bool give(struct guest_pipes *pipes, struct error *error) {
    scoped(buffer_done) struct buffer bytes = {0}, none = {0};
    struct guest_pipe *input = &pipes->input;
    int ahead = 0;
    bool good = true;
    if (input->number >= AHEAD_MAX) {
        scoped(alloc_release) char *given =
            number_path(pipes, input->letter, input->number - AHEAD_MAX);
        ahead = guest_file_exists(pipes->talk, given, error);
    }
    input->waits = ahead > 0;
    if (ahead != 0)
        return ahead > 0;
    bool ended = !read_input(input, &bytes, &good, error);
    return good && (bytes.length == 0 || give_bytes(pipes, &bytes, error)) &&
           (!ended || give_bytes(pipes, &none, error));
}

/* --- all --- */

static bool check_output(const struct guest_pipes *pipes, const struct guest_pipe *pipe,
                         struct error *error) {
    scoped(alloc_release) char *path = number_path(pipes, pipe->letter, pipe->number);
    int there = pipe->ended ? 1 : guest_file_exists(pipes->talk, path, error);
    return there > 0 || (there == 0 && set_gone(pipes, error));
}

/* The folder alone may be there because of this. */
static bool beat(struct guest_pipes *pipes, struct error *error) {
    scoped(alloc_release) char *path = alloc_printf("%s/beat", pipes->folder);
    pipes->beat_ms = clock_monotonic_ms() + BEAT_MS;
    return guest_file_clear(pipes->talk, path, error) &&
           check_output(pipes, &pipes->output, error) && check_output(pipes, &pipes->errors, error);
}

bool guest_pipes_turn(struct guest_pipes *pipes, bool ended, struct error *error) {
    struct error problem = {0};
    pipes->moved = false;
    bool takes = !ended && !pipes->input.ended;
    bool good = (!takes || give(pipes, &problem)) && take_pipe(pipes, &pipes->output, &problem) &&
                take_pipe(pipes, &pipes->errors, &problem);
    bool idle = !pipes->moved && (ended || guest_pipes_have_unsent(pipes));
    bool due = idle || clock_monotonic_ms() >= pipes->beat_ms;
    good = good && (!due || guest_pipes_have_ended(pipes) || beat(pipes, &problem));
    if (!good && strstr(problem.text, "No such file"))
        return set_gone(pipes, error);
    return good || error_copy(error, &problem);
}

bool guest_pipes_have_ended(const struct guest_pipes *pipes) {
    return pipes->output.ended && pipes->errors.ended && !guest_pipes_have_unsent(pipes);
}

bool guest_pipes_have_unsent(const struct guest_pipes *pipes) {
    return pipes->output.unsent.length > 0 || pipes->errors.unsent.length > 0;
}

void guest_pipes_wait(const struct guest_pipes *pipes, bool ended, int pause_ms) {
    bool asks = !ended && !pipes->input.ended && !pipes->input.waits;
    struct pollfd ready[] = {
        {.fd = asks ? pipes->input.fd : -1, .events = POLLIN},
        {.fd = pipes->output.unsent.length > 0 ? pipes->output.fd : -1, .events = POLLOUT},
        {.fd = pipes->errors.unsent.length > 0 ? pipes->errors.fd : -1, .events = POLLOUT},
    };
    poll(ready, sizeof ready / sizeof *ready, pause_ms);
}

/* --- begin and end --- */

static bool open_pipe(struct guest_pipes *pipes, struct guest_pipe *pipe, struct error *error) {
    scoped(alloc_release) char *path = number_path(pipes, pipe->letter, 0);
    return guest_file_open(pipes->talk, path, pipe->letter == 'i' ? "w" : "r", &pipe->handle,
                           error);
}

/* Without files of the agent, none. */
static bool handles_files(struct agent_talk *talk, bool *handles, struct error *error) {
    static const char *const needed[] = {"guest-file-open", "guest-file-read", "guest-file-write",
                                         "guest-file-close"};
    size_t index, found = 0;
    const json_t *each;
    json_t *answer = agent_talk_ask(talk, "guest-info", NULL, error);
    bool good = answer;
    json_array_foreach(json_object_get(answer, "supported_commands"), index, each) {
        const char *name = json_string_value(json_object_get(each, "name"));
        for (size_t i = 0; name && i < sizeof needed / sizeof *needed; i++)
            found += strcmp(name, needed[i]) == 0 && json_is_true(json_object_get(each, "enabled"));
    }
    json_decref(answer);
    *handles = found == sizeof needed / sizeof *needed;
    return good;
}

bool guest_pipes_open(struct guest_pipes *pipes, struct agent_talk *talk, const int fds[3],
                      struct error *error) {
    bool handles = false;
    *pipes = (struct guest_pipes){
        .talk = talk,
        .input = {.letter = 'i', .fd = fds[0], .ended = fds[0] < 0},
        .output = {.letter = 'o', .fd = fds[1]},
        .errors = {.letter = 'e', .fd = fds[2]},
        .beat_ms = clock_monotonic_ms() + BEAT_MS,
    };
    if (!handles_files(talk, &handles, error))
        return false;
    pipes->folder = handles ? guest_pipe_folder_make(talk, fds[0] >= 0, error) : NULL;
    if (!pipes->folder)
        return !handles || error->code == ERROR_NONE;
    return (pipes->input.fd < 0 || open_pipe(pipes, &pipes->input, error)) &&
           open_pipe(pipes, &pipes->output, error) && open_pipe(pipes, &pipes->errors, error);
}

static void close_pipe(struct guest_pipes *pipes, struct guest_pipe *pipe) {
    struct error ignored = {0};
    if (pipe->handle)
        close_file(pipes, pipe, &ignored);
}

void guest_pipes_close(struct guest_pipes *pipes, bool answers) {
    struct error ignored = {0};
    if (pipes->folder && answers) {
        scoped(alloc_release) char *path = alloc_printf("%s/done", pipes->folder);
        guest_file_clear(pipes->talk, path, &ignored);
        close_pipe(pipes, &pipes->input);
        close_pipe(pipes, &pipes->output);
        close_pipe(pipes, &pipes->errors);
    }
    put_unsent(pipes, &pipes->output, &ignored); /* as much as goes, after an error */
    put_unsent(pipes, &pipes->errors, &ignored);
    buffer_done(&pipes->output.unsent);
    buffer_done(&pipes->errors.unsent);
    alloc_replace(&pipes->folder, NULL);
}
