/* The descriptor of an OVF package, one machine: DMTF DSP0243, versions 1 and 2, and what VMware
 * and VirtualBox put beside it. Pure.
 *
 * It may come from anybody: the limits are those of xml_reader.h and foreign_machine.h. What is not
 * named here is not looked at. */
#pragma once

#include "base/error.h"
#include "home/moving/foreign_machine.h"

#include <stdbool.h>
#include <stddef.h>

#define OVF_READ_FILES_MAX 64u

/* Of each disk the machine has the name of its file, which is one beside the descriptor; NULL: it
 * is empty. It has as many cards as the descriptor, of no address. ERROR_INVALID: a sentence that
 * is to follow the file's name. */
bool ovf_read(const char *text, size_t length, struct foreign_machine *machine,
              struct error *error);
