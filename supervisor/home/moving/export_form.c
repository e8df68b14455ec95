#include "home/moving/export_form.h"

#include "base/alloc.h"

char *export_form_extra_disk(const char *disk) {
    return alloc_printf("disk-%s.qcow2", disk);
}

char *export_form_raw_disk(const char *disk) {
    return alloc_printf("disk-%s.img", disk);
}
