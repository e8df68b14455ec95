#include "base/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t came; /* the signal's number; 0: none */
static _Thread_local const atomic_bool *followed;

static void on_signal(int number) {
    came = number;
}

bool interrupt_is_ignored(int number) {
    struct sigaction present;
    return sigaction(number, NULL, &present) == 0 && present.sa_handler == SIG_IGN;
}

void interrupt_watch(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!interrupt_is_ignored(numbers[i]))
            sigaction(numbers[i], &action, NULL);
}

bool interrupt_check(struct error *error) {
    return (!came && !(followed && *followed)) || error_set(error, ERROR_CANCELLED, "interrupted");
}

void interrupt_follow(const atomic_bool *also) {
    followed = also;
}

void interrupt_leave(void) {
    if (!came)
        return;
    signal(came, SIG_DFL);
    raise(came);
}
