/* Disks of an instance besides the one that it boots from: INSTANCEDIR/disk-NAME.qcow2, which its
 * guest finds as /dev/disk/by-id/virtio-NAME, whatever else is attached. */
#pragma once

#include "home/change/home_edit.h"

/* Empty, all or nothing; attached from the next start on, whether the instance runs or not. */
bool disk_change_add(struct home_edit *edit, const char *name, const char *size,
                     struct error *error);

/* With what is on it. The caller holds the lock on the folder and has made sure that no VM runs. */
bool disk_change_remove(struct home_edit *edit, const char *name, struct error *error);
