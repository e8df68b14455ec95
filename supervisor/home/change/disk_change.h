/* Disks of an instance besides the one that it boots from: INSTANCEDIR/disk-NAME.qcow2, which its
 * guest finds as /dev/disk/by-id/virtio-NAME, whatever else is attached. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "machine/core/spec.h"
#include "store/disk_table.h"
#include "store/instance_table.h"

/* Empty, all or nothing; attached from the next start on, whether the instance runs or not. */
bool extra_disk_add(struct home *home, const char *instance, const char *name, const char *size,
                    struct error *error);

/* With what is on it. The caller holds the lock on the folder and has made sure that no VM runs. */
bool extra_disk_remove(struct home *home, const struct store_instance *instance, const char *name,
                       struct error *error);
