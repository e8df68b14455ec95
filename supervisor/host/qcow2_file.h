/* Whether a qcow2 file from elsewhere may be shown to QEMU: asked of its header by pgsup itself,
 * because QEMU opens the files that a header names, some of them for writing. Everything that comes
 * into the home passes qcow2_file_check() first, and is then opened with `-f qcow2`.
 * shown: what the sentences call the file. */
#pragma once

#include "base/error.h"
#include "host/qcow2_header.h"

/* Opens what should be a disk image; -1 for anything but a regular file. Never waits. */
int qcow2_file_open(const char *path, const char *shown, struct error *error);
bool qcow2_file_read(const char *path, const char *shown, struct qcow2_header *header,
                     struct error *error);

/* Changes the name of the backing file in the header of a copy that no other process has open.
 * False: the name does not fit there, or the header cannot be read or written. */
bool qcow2_file_rename_backing(const char *path, const char *name);

/* ERROR_INVALID for what is no qcow2, is encrypted, has an external data file, or is based on
 * another file than one in the folder images which itself is based on none. images NULL: it may be
 * based on no file. */
bool qcow2_file_check(const char *path, const char *shown, const char *images, struct error *error);
