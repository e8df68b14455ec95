#include "home/layout.h"

#include "base/alloc.h"

char *layout_os_disk(const struct home *home, const char *instance) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance);
    return alloc_printf("%s/os.qcow2", folder);
}

char *layout_extra_disk(const struct home *home, const char *instance, const char *disk) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance);
    return alloc_printf("%s/disk-%s.qcow2", folder, disk);
}
