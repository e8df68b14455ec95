#include "cli/doctor/libraries.h"

#include "cloudinit/library.h"
#include "store/store.h"

#include <uv.h>

json_t *libraries_list(void) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "libuv", uv_version_string(), "jansson",
                     jansson_version_str(), "sqlite", store_library_version(), "libyaml",
                     library_yaml_version(), "llhttp", library_llhttp_version());
}
