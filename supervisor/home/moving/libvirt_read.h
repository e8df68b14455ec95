/* A domain of libvirt, as `virsh dumpxml` or `pgsup export` wrote it. Pure.
 *
 * It may come from anybody: the limits are those of xml_reader.h and foreign_machine.h. What is not
 * named here is not looked at. */
#pragma once

#include "base/error.h"
#include "home/moving/foreign_machine.h"

#include <stdbool.h>
#include <stddef.h>

/* ERROR_INVALID: "line 7: …", which is to follow the file's name. */
bool libvirt_read(const char *text, size_t length, struct foreign_machine *machine,
                  struct error *error);
