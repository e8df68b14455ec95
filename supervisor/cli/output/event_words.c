#include "event_words.h"

#include "base/alloc.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *input, *words;
} inputs[] = {
    {"start", "a start was asked for"},
    {"launch-failed", "QEMU was not started"},
    {"qmp-ready", "QEMU has started"},
    {"ready", "the guest is ready"},
    {"stop", "a stop was asked for"},
    {"force-stop", "a stop by force was asked for"},
    {"kill", "a kill was asked for"},
    {"press-again", "the power button is pressed again"},
    {"deadline", "it took too long"},
    {"give-up", "the guest did not stop in time, and keeps running"},
    {"pause", "a pause was asked for"},
    {"resume", "a resume was asked for"},
    {"reset", "a reset was asked for"},
    {"suspend", "a suspend was asked for"},
    {"saved", "its memory is in its disks"},
    {"save-failed", "its memory was not saved, and it goes on"},
    {"loads", "it was found before its saved memory was loaded"},
    {"shutdown", "the guest has shut down"},
    {"guest-reset", "the guest reboots"},
    {"reset-done", "it was reset"},
    {"qmp-stop", "QEMU halted the guest"},
    {"qmp-resume", "QEMU lets the guest go on"},
    {"qmp-lost", "QEMU does not answer"},
    {"found", "a process of it was found"},
    {"found-running", "it was found running"},
    {"found-paused", "it was found paused"},
    {"found-prelaunch", "it was found before its first instruction"},
    {"exited", "QEMU has ended"},
};

static const char *words_of(const char *input, size_t length) {
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        if (strlen(inputs[i].input) == length && strncmp(inputs[i].input, input, length) == 0)
            return inputs[i].words;
    return NULL;
}

char *event_words_of(const char *text) {
    const char *dashes = strstr(text, " --"), *arrow = dashes ? strstr(dashes, "--> ") : NULL;
    const char *input = dashes ? dashes + strlen(" --") : NULL;
    const char *words = arrow && arrow > input ? words_of(input, (size_t)(arrow - input)) : NULL;
    if (!words)
        return alloc_string(text);
    const char *next = arrow + strlen("--> ");
    size_t length = strcspn(next, " :");
    return alloc_printf("%.*s, was %.*s: %s%s", (int)length, next, (int)(dashes - text), text,
                        words, next + length);
}
