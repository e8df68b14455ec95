#include "vm_helpers.h"

#include "base/alloc.h"
#include "machine/process.h"
#include "machine/vm_words.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct vm_helper {
    struct vm_helper *next;
    struct vm *vm;
    struct process *process;
    unsigned position;
    bool leaving; /* with its VM */
};

static void helper_drop(struct vm_helper *helper) {
    struct vm_helper **link = &helper->vm->helpers;
    while (*link != helper)
        link = &(*link)->next;
    *link = helper->next;
    process_close(helper->process);
    free(helper);
}

/* QEMU is not told: for it a datagram socket whose peer is gone is one where frames get lost. */
static void on_end(void *owner, const struct process_end *end) {
    struct vm_helper *helper = owner;
    char how[32] = "";
    if (end->status_known && end->signal)
        snprintf(how, sizeof how, " (signal %d)", end->signal);
    else if (end->status_known)
        snprintf(how, sizeof how, " (exit %d)", end->exit_status);
    if (!helper->leaving)
        vm_tell(helper->vm, STORE_EVENT_NETWORK,
                "the helper of network card %u has ended%s: the guest runs on without that network "
                "until it is started again; vmnet-helper.log tells more",
                helper->position, how);
    helper_drop(helper);
}

void vm_helpers_watch(struct vm *vm) {
    for (size_t i = 0; i < vm->plan.helpers.count; i++) {
        const struct helper *each = &vm->plan.helpers.items[i];
        if (!each->pid)
            continue;
        struct vm_helper *helper = alloc_zero(sizeof *helper);
        helper->vm = vm;
        helper->position = each->position;
        helper->next = vm->helpers;
        vm->helpers = helper;
        helper->process = process_watch(vm->loop, each->pid, each->start, helper, on_end);
        process_poll_slowly(helper->process);
    }
}

/* Watched on until they have ended, so that nothing is left of them. */
void vm_helpers_end(struct vm *vm) {
    helpers_close_fds(&vm->plan.helpers);
    for (struct vm_helper *helper = vm->helpers; helper; helper = helper->next) {
        if (!helper->leaving)
            process_kill(helper->process, SIGTERM);
        helper->leaving = true;
    }
}

void vm_helpers_close(struct vm *vm) {
    while (vm->helpers)
        helper_drop(vm->helpers);
}
