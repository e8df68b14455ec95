#include "cli/doctor/libraries.h"

#include "base/secret.h"
#include "cloudinit/library.h"
#include "home/moving/xml_reader.h"
#include "store/store.h"

#include <uv.h>

json_t *libraries_list(void) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "libuv", uv_version_string(),
                     "jansson", jansson_version_str(), "sqlite", store_library_version(), "libyaml",
                     library_yaml_version(), "llhttp", library_llhttp_version(), "libsodium",
                     secret_library_version(), "libxcrypt", library_xcrypt_version(), "expat",
                     xml_reader_library_version());
}
