/* For KubeVirt: a Secret that is the seed, which is secret, and a VirtualMachine. Pure. */
#pragma once

#include "home/moving/export_form.h"

bool kubevirt_machine_write_seed(const struct export_form *form, struct buffer *text,
                                 struct error *error);
bool kubevirt_machine_write(const struct export_form *form, struct buffer *text,
                            struct error *error);
