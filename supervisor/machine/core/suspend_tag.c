#include "machine/core/suspend_tag.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "machine/core/qemu_argv.h"

#include <inttypes.h>
#include <string.h>

#define POSITIONS ",nics=" /* how cards are told that are not told one by one … */
#define MARK      "#"      /* … and of that their hash */
#define WHERE     '@'      /* before the hash of which network of a kind it is */

/* How it tells the cards. */
enum form {
    FORM_EACH,      /* ",nic0=user/52:54:00:00:00:01,nic3=multicast/52:…@2f9a01cc" */
    FORM_HASH,      /* ",nics=03#2f9a01cc": where that would be too long for QEMU */
    FORM_POSITIONS, /* ",nics=03": up to version 0.2.0 */
};

bool suspend_tag_is(const char *name) {
    return strncmp(name, SUSPEND_TAG, strlen(SUSPEND_TAG)) == 0;
}

/* FNV-1a of 32 bits, of texts that are too long to be told. */
#define HASH_START 2166136261u
static uint32_t hash_more(uint32_t hash, const char *text) {
    for (;; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619u;
        if (!*text)
            return hash;
    }
}

static uint32_t hash_of(char *const *arguments) {
    uint32_t hash = HASH_START;
    for (; *arguments; arguments++)
        hash = hash_more(hash, *arguments);
    return hash;
}

/* What the guest's address belongs to, where a kind has several; of a pair without the home's
 * folder and its own side. NULL: nothing is told of it. Caller frees. */
static char *where_of(const struct spec_nic *nic) {
    const char *text = nic->interface ? nic->interface : "";
    if (nic->network == SPEC_NET_MULTICAST || nic->network == SPEC_NET_BRIDGE)
        return alloc_string(text);
    if (nic->network != SPEC_NET_PAIR)
        return NULL;
    const char *slash = strrchr(text, '/'), *name = slash ? slash + 1 : text;
    const char *dot = strrchr(name, '.');
    return alloc_slice(name, dot ? (size_t)(dot - name) : strlen(name));
}

static void put_card(const struct spec_nic *nic, struct buffer *text) {
    scoped(alloc_release) char *network = where_of(nic);
    buffer_printf(text, ",nic%u=%s/%s", nic->position, spec_network_word(nic->network), nic->mac);
    if (network)
        buffer_printf(text, "%c%08" PRIx32, WHERE, hash_more(HASH_START, network));
}

static uint32_t hash_cards(const struct spec *spec) {
    scoped(buffer_done) struct buffer all = {0};
    for (size_t i = 0; i < spec->nic_count; i++)
        put_card(&spec->nics[i], &all);
    return hash_more(HASH_START, all.data ? all.data : "");
}

static void put_cards(const struct spec *spec, enum form form, struct buffer *text) {
    if (form != FORM_EACH)
        buffer_puts(text, POSITIONS);
    for (size_t i = 0; i < spec->nic_count; i++)
        if (form == FORM_EACH)
            put_card(&spec->nics[i], text);
        else
            buffer_printf(text, "%u", spec->nics[i].position);
    if (form == FORM_HASH)
        buffer_printf(text, MARK "%08" PRIx32, hash_cards(spec));
}

static char *write_tag(const struct spec *spec, enum form form) { /* caller frees */
    struct buffer text = {0};
    buffer_printf(&text, SUSPEND_TAG "%u.%u:%s,%s,%ucpu,%" PRIu64 "M", spec->qemu.version.major,
                  spec->qemu.version.minor, spec_machine(spec), spec_accel_word(spec->accel),
                  spec->vcpu, spec->ram_mib);
    put_cards(spec, form, &text);
    buffer_puts(&text, qemu_argv_seeds_by_drive(spec, QEMU_ARGV_SUPERVISED) ? ",seed" : "");
    buffer_puts(&text, spec->nested ? ",nested" : "");
    for (size_t i = 0; i < spec->disk_count; i++)
        buffer_printf(&text, ",+%s", spec->disks[i].name);
    if (spec->extra)
        buffer_printf(&text, ",args=%08" PRIx32, hash_of(spec->extra));
    return buffer_take(&text);
}

char *suspend_tag(const struct spec *spec) {
    char *tag = write_tag(spec, FORM_EACH);
    if (strlen(tag) >= SUSPEND_TAG_SIZE)
        alloc_replace(&tag, write_tag(spec, FORM_HASH));
    return tag;
}

static enum form form_of(const char *tag) {
    const char *cards = strstr(tag, POSITIONS);
    const char *digits = cards ? cards + strlen(POSITIONS) : "";
    return !cards                                          ? FORM_EACH
           : digits[strspn(digits, "0123456789")] == *MARK ? FORM_HASH
                                                           : FORM_POSITIONS;
}

char *suspend_tag_as(const struct spec *spec, const char *earlier) {
    return write_tag(spec, form_of(earlier));
}

bool suspend_tag_has_disk(const char *tag, const char *disk) {
    size_t length = strlen(disk);
    for (const char *word = strchr(tag, ','); word; word = strchr(word + 1, ','))
        if (word[1] == '+' && strncmp(word + 2, disk, length) == 0 &&
            (word[2 + length] == ',' || !word[2 + length]))
            return true;
    return false;
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
