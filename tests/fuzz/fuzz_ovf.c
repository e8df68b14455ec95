/* What an OVA has, from whoever made it: a descriptor, or else a header of tar, a manifest and the
 * header of a disk. Read or refused by a sentence, within the limits. */
#include "home/moving/ovf_digest.h"
#include "home/moving/ovf_read.h"
#include "home/moving/tar_index.h"
#include "host/vmdk_header.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_descriptor(const uint8_t *data, size_t size) {
    struct foreign_machine machine;
    struct error error = {0};
    uint64_t ram_mib;
    bool good = ovf_read((const char *)data, size, &machine, &error);
    if (good != (error.code == ERROR_NONE) || (!good && !*error.text) ||
        machine.disk_count > FOREIGN_DISKS_MAX || machine.nic_count > FOREIGN_NICS_MAX)
        abort();
    for (size_t i = 0; i < machine.disk_count; i++)
        if (!machine.disks[i].device || !machine.disks[i].target)
            abort();
    foreign_machine_ram(&machine, &ram_mib);
    foreign_machine_done(&machine);
}

static void read_tar_header(const uint8_t *data, size_t size) {
    unsigned char block[TAR_BLOCK_BYTES] = {0};
    struct tar_member member;
    enum tar_kind kind;
    struct error error = {0};
    memcpy(block, data, size < sizeof block ? size : sizeof block);
    if (tar_index_parse(block, &(struct tar_given){0}, &member, &kind, &error) &&
        kind == TAR_FILE &&
        (!*member.name || strchr(member.name, '/') || strcmp(member.name, "..") == 0))
        abort();
}

static void read_extensions(const char *data, size_t size) {
    static const enum tar_kind kinds[] = {TAR_PAX, TAR_PAX_OF_ALL, TAR_LONG_NAME};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct tar_given given = {0};
        struct error error = {0};
        char *text = malloc(size + 1);
        if (!text)
            abort();
        memcpy(text, data, size);
        text[size] = 0;
        if (tar_index_extend(text, size, kinds[i], &given, &error) && given.has_name &&
            (!*given.name || strchr(given.name, '/') || strcmp(given.name, "..") == 0))
            abort();
        free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vmdk_header header;
    struct ovf_digest digest;
    struct error error = {0};
    read_descriptor(data, size);
    read_tar_header(data, size);
    vmdk_header_parse(data, size, &header, &error);
    vmdk_header_has_parent(data, size);
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = 0;
    ovf_digest_find(text, "a", &digest);
    read_extensions(text, size);
    free(text);
    return 0;
}
