/* The system information that carries the seed's address, byte by byte. That QEMU takes it is in
 * test_argv_starts.c, that a guest reads it in the scenarios. */
#include "machine/core/smbios.h"
#include "specs.h"
#include "test.h"

#include <string.h>

static const char *string_at(const struct buffer *blob, unsigned number) {
    const char *text = blob->data + (unsigned char)blob->data[1];
    while (--number > 0)
        text += strlen(text) + 1;
    return text;
}

TEST(as_the_standard_has_it) {
    static const unsigned char uuid[] = {0xba, 0x28, 0x4e, 0x1b, 0xa1, 0x2f, 0xd2, 0x41,
                                         0x88, 0x3f, 0x00, 0x16, 0xd3, 0xcc, 0xa4, 0x27};
    struct buffer blob = {0};
    smbios_system(&spec_case_find("linux-user")->spec, &blob);
    CHECK_INT(blob.data[0], 1);
    CHECK_INT(blob.data[1], 27);
    CHECK(memcmp(blob.data + 8, uuid, sizeof uuid) == 0);
    CHECK_STRING(string_at(&blob, (unsigned char)blob.data[4]), "QEMU");
    CHECK_STRING(string_at(&blob, (unsigned char)blob.data[5]), "QEMU Virtual Machine");
    CHECK_STRING(string_at(&blob, (unsigned char)blob.data[6]), "virt");
    CHECK_STRING(string_at(&blob, (unsigned char)blob.data[7]),
                 "ds=nocloud-net;s=http://10.0.2.2:10300/seed/0123456789abcdef0123456789abcdef/");
    CHECK(blob.data[blob.length - 1] == 0 && blob.data[blob.length - 2] == 0);
    CHECK(blob.data[blob.length - 3] != 0);
    buffer_done(&blob);
}

TEST(other_machines) {
    struct spec spec = spec_case_find("linux-user")->spec;
    struct buffer blob = {0};
    spec.accel = SPEC_KVM;
    spec.machine = "virt-9.2";
    smbios_system(&spec, &blob);
    CHECK_STRING(string_at(&blob, 2), "KVM Virtual Machine");
    CHECK_STRING(string_at(&blob, 3), "virt-9.2");
    buffer_done(&blob);
    blob = (struct buffer){0};
    spec.arch = SPEC_X86_64;
    spec.machine = NULL;
    smbios_system(&spec, &blob);
    CHECK_STRING(string_at(&blob, 2), "Standard PC (Q35 + ICH9, 2009)");
    CHECK_STRING(string_at(&blob, 3), "q35");
    buffer_done(&blob);
}

int main(void) {
    return test_run();
}
