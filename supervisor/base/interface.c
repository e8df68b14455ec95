#include "base/interface.h"

#include "base/buffer.h"

#include <net/if.h>

char *interface_names(void) {
    struct buffer names = {0};
    struct if_nameindex *list = if_nameindex();
    for (struct if_nameindex *each = list; each && each->if_index; each++)
        buffer_printf(&names, "%s%s", names.length ? ", " : "", each->if_name);
    if (list)
        if_freenameindex(list);
    return buffer_take(&names);
}
