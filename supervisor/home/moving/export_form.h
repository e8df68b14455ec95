/* What the forms of the engines are written from. Pure data, borrowed. Files of an export have
 * fixed names: */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "cloudinit/seed_document.h"
#include "home/facts.h"

#include <stdbool.h>

#define EXPORT_FORM_DISK "disk.qcow2"
#define EXPORT_FORM_SEED "seed.img" /* NoCloud's drive, as pgsup attaches it */

enum export_engine { EXPORT_LIBVIRT, EXPORT_INCUS, EXPORT_KUBEVIRT };

struct export_form {
    const struct instance_facts *facts;
    const char *folder; /* absolute: where the export will be */
    bool emulated;      /* for a host of another architecture, or without virtualisation */
    bool has_arguments; /* a qemu.args, which is not carried */
    const char *documents[SEED_DOCUMENT_COUNT]; /* texts of the seed; "" */
};

/* disk.qcow2, or disk-NAME.qcow2 of an extra disk; caller frees. */
char *export_form_extra_disk(const char *disk);
char *export_form_raw_disk(const char *disk); /* disk-NAME.img, which is all that Incus attaches */
