/* Those who look at the serial consoles of VMs: any number of viewers for each, of whom one may
 * type. A viewer is the call "console" of a client, which is answered when the VM ends; the output
 * comes to it as notifications. One that does not read them gets no more; the guest is never held
 * up. */
#pragma once

#include "daemon/control_server.h"
#include "machine/vm.h"

#define CONSOLE_VIEWERS_LIMIT 128u
#define CONSOLE_UNREAD_BYTES  (256u << 10) /* by one viewer, before it gets no more */
#define CONSOLE_WHO_BYTES     120u

struct console_viewer;

struct console_relay {
    struct console_viewer *first;
    size_t count;
};

struct console_request {
    const char *who; /* for others who want to type: "alice on /dev/pts/3" */
    bool write;      /* wants to type */
    bool take;       /* … even if another one does, who then only watches */
};

/* False: the call is not taken. */
bool console_relay_add(struct console_relay *relay, struct vm *vm, struct call *call,
                       const struct console_request *request, struct error *error);
/* Base64 text typed by the client of this call. */
bool console_relay_input(struct console_relay *relay, const struct call *call, const char *text,
                         struct error *error);
/* What the guest wrote, to all who look at it. */
void console_relay_output(struct console_relay *relay, const struct vm *vm, const char *data,
                          size_t length);
/* A VM without a process has no console: those who look at it are answered. */
void console_relay_changed(struct console_relay *relay, const struct vm *vm);
/* The client of this call, which may be no viewer's, has gone. */
void console_relay_gone(struct console_relay *relay, const struct call *call);
