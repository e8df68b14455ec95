#include "base/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t came; /* the signal's number; 0: none */

static void on_signal(int number) {
    came = number;
}

void interrupt_watch(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    struct sigaction before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], NULL, &before);
        if (before.sa_handler != SIG_IGN) /* as nohup(1) wants it */
            sigaction(numbers[i], &action, NULL);
    }
}

bool interrupt_check(struct error *error) {
    return !came || error_set(error, ERROR_CANCELLED, "interrupted");
}

void interrupt_leave(void) {
    if (!came)
        return;
    signal(came, SIG_DFL);
    raise(came);
}
