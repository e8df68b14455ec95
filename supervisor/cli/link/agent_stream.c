#include "agent_stream.h"

#include "base/alloc.h"
#include "base/clock.h"

enum {
    ENDING_TIMEOUT_MS = 5000, /* of a program that was told to end */
    TURN_FIRST_MS = 10,
    TURN_LAST_MS = 500,
};

/* Moves what there is, and asks whether the program has ended when that is little. */
static bool turn(struct agent_talk *talk, const struct agent_stream *stream,
                 struct agent_process *process, struct error *error) {
    return guest_pipes_turn(stream->pipes, process->ended, error) &&
           (process->ended || stream->pipes->moved || agent_process_ask(process, talk, error));
}

static bool stream_has_ended(const struct agent_stream *stream,
                             const struct agent_process *process) {
    return process->ended && guest_pipes_have_ended(stream->pipes);
}

static bool tell_ended(const struct agent_stream *stream, const struct error *why,
                       struct error *error) {
    return error_set(error, why->code, "%s: the command had ended; %s",
                     why->code == ERROR_TIMEOUT ? "timeout" : why->text,
                     guest_pipes_have_unsent(stream->pipes) ? "what it said was not read to the end"
                                                            : "what it left running goes on");
}

static bool end_early(struct agent_talk *talk, const struct agent_stream *stream,
                      struct agent_process *process, const struct error *why, struct error *error) {
    struct error lost = {0};
    uint64_t until_ms = clock_monotonic_ms() + ENDING_TIMEOUT_MS;
    talk->stubborn = true; /* it may have ended while there was much to move */
    if (!process->ended)
        agent_process_ask(process, talk, &lost);
    if (process->ended)
        return tell_ended(stream, why, error);
    agent_process_tell_to_end(process, talk);
    while (!stream_has_ended(stream, process) && clock_monotonic_ms() < until_ms &&
           turn(talk, stream, process, &lost)) {
        agent_talk_rest(talk);
        guest_pipes_wait(stream->pipes, true, stream->pipes->moved ? 0 : TURN_FIRST_MS);
    }
    return error_set(error, why->code, "%s%s", why->text,
                     process->ended ? ": it was ended" : ": it was told to end, and did not");
}

/* Grows while nothing moves. */
static int next_pause(int pause_ms, bool moved) {
    if (moved)
        return TURN_FIRST_MS;
    return pause_ms < TURN_LAST_MS ? pause_ms + pause_ms / 2 : pause_ms;
}

static bool wait_end(struct agent_talk *talk, const struct agent_stream *stream,
                     struct agent_process *process, struct error *error) {
    uint64_t until_ms = stream->limit_ms ? clock_monotonic_ms() + stream->limit_ms : UINT64_MAX;
    for (int pause_ms = TURN_FIRST_MS;;) {
        struct error why = {0}, heard = {0};
        bool good = turn(talk, stream, process, &heard);
        agent_talk_rest(talk);
        if (good && stream_has_ended(stream, process))
            return true;
        if (agent_process_must_end(until_ms, stream->limit_ms, &why))
            return end_early(talk, stream, process, &why, error);
        if (!good && heard.code != ERROR_TIMEOUT)
            agent_process_tell_to_end(process, talk);
        if (!good)
            return error_copy(error, &heard);
        guest_pipes_wait(stream->pipes, process->ended, stream->pipes->moved ? 0 : pause_ms);
        pause_ms = next_pause(pause_ms, stream->pipes->moved);
    }
}

bool agent_stream_exec(struct agent_talk *talk, const struct agent_stream *stream,
                       struct agent_process *process, struct error *error) {
    scoped(strv_done) struct strv words = {0};
    guest_pipes_words(stream->pipes, stream->argv, &words);
    return agent_process_check((const char *const *)stream->argv, NULL, error) &&
           agent_process_begin(process, talk, (const char *const *)words.items, NULL, error) &&
           wait_end(talk, stream, process, error);
}
