#include "machine/core/suspend_tag.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "machine/core/qemu_argv.h"

#include <inttypes.h>
#include <string.h>

bool suspend_tag_is(const char *name) {
    return strncmp(name, SUSPEND_TAG, strlen(SUSPEND_TAG)) == 0;
}

/* FNV-1a of 32 bits: own arguments are too long to be told. */
static uint32_t hash_of(char *const *arguments) {
    uint32_t hash = 2166136261u;
    for (; *arguments; arguments++)
        for (const char *each = *arguments;; each++) {
            hash = (hash ^ (unsigned char)*each) * 16777619u;
            if (!*each)
                break;
        }
    return hash;
}

char *suspend_tag(const struct spec *spec) {
    struct buffer text = {0};
    buffer_printf(&text,
                  SUSPEND_TAG "%u.%u:%s,%s,%ucpu,%" PRIu64 "M,nics=", spec->qemu.version.major,
                  spec->qemu.version.minor, spec_machine(spec), spec_accel_word(spec->accel),
                  spec->vcpu, spec->ram_mib);
    for (size_t i = 0; i < spec->nic_count; i++)
        buffer_printf(&text, "%u", spec->nics[i].position);
    buffer_puts(&text, qemu_argv_seeds_by_drive(spec, QEMU_ARGV_SUPERVISED) ? ",seed" : "");
    buffer_puts(&text, spec->nested ? ",nested" : "");
    for (size_t i = 0; i < spec->disk_count; i++)
        buffer_printf(&text, ",+%s", spec->disks[i].name);
    if (spec->extra)
        buffer_printf(&text, ",args=%08" PRIx32, hash_of(spec->extra));
    return buffer_take(&text);
}

static const char *after_version(const char *tag) {
    const char *version = suspend_tag_is(tag) ? tag + strlen(SUSPEND_TAG) : "";
    return version + strcspn(version, ":");
}

char *suspend_tag_version(const char *tag) {
    const char *end = after_version(tag);
    const char *begin = *end ? tag + strlen(SUSPEND_TAG) : end;
    return alloc_slice(begin, (size_t)(end - begin));
}

const char *suspend_tag_hardware(const char *tag) {
    const char *end = after_version(tag);
    return *end ? end + 1 : end;
}
