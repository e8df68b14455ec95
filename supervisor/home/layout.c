#include "home/layout.h"

#include "base/alloc.h"

char *layout_file(const struct home *home, const char *instance, const char *file) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance);
    return alloc_printf("%s/%s", folder, file);
}

char *layout_os_disk(const struct home *home, const char *instance) {
    return layout_file(home, instance, LAYOUT_OS_DISK);
}

char *layout_extra_disk(const struct home *home, const char *instance, const char *disk) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance);
    return layout_extra_disk_in(folder, disk);
}

char *layout_extra_disk_in(const char *folder, const char *disk) {
    return alloc_printf("%s/disk-%s.qcow2", folder, disk);
}
