#include "cloudinit/library.h"

#include <crypt.h>
#include <llhttp.h>
#include <yaml.h>

#define TEXT(word)   #word
#define NUMBER(word) TEXT(word)

const char *library_yaml_version(void) {
    return yaml_get_version_string();
}

const char *library_llhttp_version(void) {
    return NUMBER(LLHTTP_VERSION_MAJOR) "." NUMBER(LLHTTP_VERSION_MINOR) "." NUMBER(
        LLHTTP_VERSION_PATCH);
}

const char *library_xcrypt_version(void) {
    return XCRYPT_VERSION_STR;
}
