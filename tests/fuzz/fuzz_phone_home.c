/* The form that a guest posts. Whatever it holds, a key that comes out is one line of one host key
 * of its slot, fit for known_hosts, and parses to itself. */
#include "base/alloc.h"
#include "cloudinit/phone_home.h"
#include "cloudinit/public_key.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition) {
    if (!condition)
        abort();
}

static void check_key(const char *key, const char *type) {
    if (!key)
        return;
    require(strncmp(key, type, strlen(type)) == 0);
    require(strchr(key, ' ') == strrchr(key, ' '));
    require(strcspn(key, "\n\r\t@#,*\"") == strlen(key));
    scoped(alloc_release) char *again =
        public_key_parse(key, strlen(key), PUBLIC_KEY_OF_HOST, NULL);
    require(again && strcmp(again, key) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct phone_home form;
    struct error error = {0};
    bool good = phone_home_parse((const char *)data, size, &form, &error);
    require(good == (error.text[0] == 0));
    require(good || size > 0);
    require(!good || size <= PHONE_HOME_LIMIT_BYTES);
    check_key(form.keys[PHONE_HOME_RSA], "ssh-rsa ");
    check_key(form.keys[PHONE_HOME_ECDSA], "ecdsa-sha2-nistp");
    check_key(form.keys[PHONE_HOME_ED25519], "ssh-ed25519 ");
    require(memchr(form.instance_id, 0, sizeof form.instance_id) != NULL);
    require(memchr(form.hostname, 0, sizeof form.hostname) != NULL);
    require(memchr(form.fqdn, 0, sizeof form.fqdn) != NULL);
    phone_home_done(&form);
    return 0;
}
