/* How the fake QEMU misbehaves: words separated by commas or line ends, from the environment
 * variable FAKE_QEMU and from the file that FAKE_QEMU_FILE names, both read at start and again at
 * SIGUSR1, which also ends whatever went wrong before. */
#pragma once

#include "base/strv.h"

#include <stdbool.h>

struct fake_faults {
    /* at start */
    char *stderr_text; /* stderr=TEXT: the last words */
    long exit_status;  /* exit=N: ends at once; without it, stderr=TEXT alone goes on */
    char *console;     /* console=TEXT: what its guest says there first */
    /* at once; read at SIGUSR1 it stops a guest that runs */
    char *stop_as;   /* stop-as=RUN-STATE: the guest is stopped, in that state */
    char *stop_node; /* stop-node=NAME: … by an error of that node, for want of space */
    char *stop_text; /* stop-text=TEXT: what is written to stderr then */
    /* when a client comes */
    bool exit_before_greeting;
    bool exit_after_greeting;
    bool no_greeting; /* accepts, reads, says nothing */
    /* once, at the first reply after qmp_capabilities that it fits */
    char *exit_mid_reply; /* exit-mid-reply=COMMAND; exit-mid-reply alone: any */
    long garbage_after;   /* garbage-after=N replies; "garbage" alone: 0; -1 */
    long long_line_bytes; /* long-line=BYTES: an event of that length instead of the reply */
    bool wrong_id;
    bool duplicate_reply;
    /* always */
    struct strv no_reply; /* no-reply=COMMAND: neither done nor answered */
    bool ignore_powerdown;
    bool ignore_quit; /* answered, not done */
    bool ignore_sigterm;
    bool tell_commands; /* each that comes is a line on stderr */
    long event_storm;   /* event-storm=N: events right after qmp_capabilities */
    long hang_after;    /* hang-after=N: after N answers nothing is done, SIGTERM included; -1 */
    long slow_ms;       /* slow=MS: what each command takes */
    long powerdown_ms;  /* powerdown-delay=MS: from the button to the end of the guest */
};

/* Replaces what was read before. False, with a line on stderr, at a word that is not one of these.
 */
bool fake_faults_read(struct fake_faults *faults);
void fake_faults_done(struct fake_faults *faults);
