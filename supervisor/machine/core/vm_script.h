/* vm.sh, which runs the VM of an instance without a supervisor, rendered from the same vector as
 * the supervised launch. Pure. First line "#!/bin/bash"; every value single-quoted as needed; works
 * with bash 3.2 (macOS); Ctrl-A C reaches QEMU's monitor, Ctrl-A X ends QEMU. Its pid file and QMP
 * sockets are named RUN/NAME.sh$$.{pid,qmp,mon}, so that `pgsup up` finds and adopts it. */
#pragma once

#include "base/buffer.h"
#include "machine/core/spec.h"

/* In the folder of the disk: while it is there, vm.sh starts nothing. */
#define VM_SCRIPT_UNFINISHED ".unfinished"

struct vm_script_host {
    const char *run_folder;
    const char *qemu_img; /* absolute, by which it asks whether the VM is suspended; NULL: PATH's */
};
void vm_script_render(const struct spec *spec, const struct vm_script_host *host,
                      struct buffer *text);
/* 'it'\''s': quoted only when needed; appended. */
void vm_script_quote(const char *value, struct buffer *text);
