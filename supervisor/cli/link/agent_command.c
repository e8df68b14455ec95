#include "agent_command.h"

#include "base/clock.h"

#include <poll.h>

enum {
    ENDING_TIMEOUT_MS = 5000, /* of a program that was told to end */
    POLL_FIRST_MS = 10,
    POLL_LAST_MS = 500,
};

static bool wait_told(struct agent_talk *talk, struct agent_process *process,
                      const struct error *why, struct error *error) {
    struct error lost = {0};
    uint64_t until_ms = clock_monotonic_ms() + ENDING_TIMEOUT_MS;
    agent_process_tell_to_end(process, talk);
    while (!process->ended && agent_process_ask(process, talk, &lost) &&
           clock_monotonic_ms() < until_ms) {
        agent_talk_rest(talk);
        poll(NULL, 0, process->ended ? 0 : 10 * POLL_FIRST_MS);
    }
    return error_set(error, why->code, "%s%s", why->text,
                     process->ended ? ": it was ended" : ": it was told to end, and did not");
}

static bool wait_end(struct agent_talk *talk, struct agent_process *process, uint64_t limit_ms,
                     struct error *error) {
    uint64_t until_ms = limit_ms ? clock_monotonic_ms() + limit_ms : UINT64_MAX;
    for (int pause_ms = POLL_FIRST_MS;; pause_ms += pause_ms < POLL_LAST_MS ? pause_ms / 2 : 0) {
        struct error why = {0}, heard = {0};
        agent_talk_rest(talk);
        agent_process_ask(process, talk, &heard);
        if (process->ended)
            return true;
        if (heard.code != ERROR_NONE && heard.code != ERROR_CANCELLED)
            return error_copy(error, &heard);
        if (agent_process_must_end(until_ms, limit_ms, &why))
            return wait_told(talk, process, &why, error);
        agent_talk_rest(talk);
        poll(NULL, 0, pause_ms);
    }
}

bool agent_command_exec(struct agent_talk *talk, const struct agent_command *command,
                        struct agent_process *process, struct error *error) {
    return agent_process_begin(process, talk, command->argv, command->input, error) &&
           wait_end(talk, process, command->limit_ms, error);
}

bool agent_command_run(const struct home *home, const struct running *running,
                       const char *const argv[], uint64_t limit_ms, struct error *error) {
    const struct agent_command command = {.argv = argv, .limit_ms = limit_ms};
    struct agent_process process = {0};
    struct agent_talk talk;
    agent_talk_init(&talk, home, running);
    bool good = agent_command_exec(&talk, &command, &process, error);
    if (good && (process.status != 0 || process.signal != 0))
        good = error_set(error, ERROR_FAILED, "the command failed in the guest (status %d)",
                         process.status);
    agent_process_done(&process);
    agent_talk_done(&talk);
    return good;
}
