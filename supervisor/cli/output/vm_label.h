/* What people read for a state: "ready" -> "Running(ready)", "booting" -> "Running(booting)",
 * "stopped" -> "Stopped". Pure. */
#pragma once

#define VM_LABEL_SIZE 32

void vm_label(const char *state, char label[VM_LABEL_SIZE]);
