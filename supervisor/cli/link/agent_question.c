#include "agent_question.h"

#include "base/clock.h"
#include "cli/link/agent_talk.h"

json_t *agent_question_ask(const struct agent_question *question, const char *command,
                           json_t *arguments) {
    struct agent_talk talk = {
        .path = question->path,
        .fd = -1,
        .stubborn = question->stubborn,
        .until_ms = question->limit_ms ? clock_monotonic_ms() + question->limit_ms : 0,
    };
    json_t *answer = agent_talk_ask(&talk, command, arguments, question->error);
    agent_talk_rest(&talk); /* the path is the question's */
    return answer;
}
