#include "machine/core/smbios.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum {
    TYPE_SYSTEM = 1,
    LENGTH = 27,           /* of the fixed part, from SMBIOS 2.4 on */
    HANDLE_HIGH = 0x01,    /* 0x0100: QEMU's own, which is not used then */
    WAKE_UP_BY_SWITCH = 6, /* as QEMU says */
    UUID_BYTES = 16,
};

/* The first three fields are little-endian: DSP0134, 7.2.1. */
static void append_uuid(const char *text, struct buffer *blob) {
    static const unsigned char order[UUID_BYTES] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
    unsigned char bytes[UUID_BYTES] = {0};
    char digits[3] = "";
    for (size_t i = 0; i < UUID_BYTES && text[0] && text[1]; i++) {
        text += *text == '-';
        memcpy(digits, text, 2);
        bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
        text += 2;
    }
    for (size_t i = 0; i < UUID_BYTES; i++)
        buffer_putc(blob, (char)bytes[order[i]]);
}

/* systemd-detect-virt knows the kind of machine by these words. */
static const char *product(const struct spec *spec) {
    if (spec->arch != SPEC_AARCH64)
        return "Standard PC (Q35 + ICH9, 2009)";
    return spec->accel == SPEC_KVM ? "KVM Virtual Machine" : "QEMU Virtual Machine";
}

static void append_string(const char *text, struct buffer *blob) {
    buffer_append(blob, text, strlen(text) + 1);
}

/* Strings are numbered from 1 in the order in which they follow; 0 means that there is none. */
void smbios_system(const struct spec *spec, struct buffer *blob) {
    static const char head[] = {TYPE_SYSTEM, LENGTH, 0, HANDLE_HIGH, 1, 2, 3, 4};
    static const char tail[] = {WAKE_UP_BY_SWITCH, 0, 0};
    scoped(alloc_release) char *source =
        alloc_printf("ds=%s;s=%s", spec->seed_source, spec->seed_url);
    buffer_append(blob, head, sizeof head);
    append_uuid(spec->uuid, blob);
    buffer_append(blob, tail, sizeof tail);
    append_string("QEMU", blob);
    append_string(product(spec), blob);
    append_string(spec_machine(spec), blob);
    append_string(source, blob);
    buffer_putc(blob, 0);
}
