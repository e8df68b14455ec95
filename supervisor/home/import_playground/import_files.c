#include "home/import_playground/import_files.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "home/layout.h"
#include "host/qemu_img.h"

#include <string.h>

#define FILE_LIMIT_BYTES 65536u

/* What the predecessor gave without being asked. */
#define DEFAULT_VCPU    2
#define DEFAULT_RAM_MIB 2048
#define VCPU_MAX        64
#define RAM_MIN_MIB     64
#define RAM_MAX_MIB     (UINT64_C(1) << 24)

/* --- the texts --- */

static bool read_text(const char *folder, const char *file, struct buffer *text,
                      struct error *error) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, file);
    if (file_exists(path) && !file_read(path, FILE_LIMIT_BYTES, text, error))
        return false;
    buffer_puts(text, "\n");
    return true;
}

/* "4096" is MiB, as QEMU takes it. */
static bool parse_ram(const char *word, uint64_t *mib) {
    uint64_t bytes;
    if (name_parse_number(word, RAM_MIN_MIB, RAM_MAX_MIB, mib))
        return true;
    *mib = name_parse_size(word, &bytes) ? bytes >> 20 : 0;
    return *mib >= RAM_MIN_MIB && *mib <= RAM_MAX_MIB;
}

/* The words behind -smp and -m. */
static void take_hardware(char *script, struct store_instance *instance) {
    const char *before = "";
    char *save = NULL;
    uint64_t number;
    for (char *word = strtok_r(script, " \t\r\n\\", &save); word;
         word = strtok_r(NULL, " \t\r\n\\", &save)) {
        word[strcspn(word, ",")] = 0;
        const char *count = strncmp(word, "cpus=", 5) == 0 ? word + 5 : word;
        if (strcmp(before, "-smp") == 0 && name_parse_number(count, 1, VCPU_MAX, &number))
            instance->vcpu = number;
        else if (strcmp(before, "-m") == 0 && parse_ram(word, &number))
            instance->ram_mib = number;
        before = word;
    }
}

/* The first address with a prefix length: a gateway and a nameserver have none. */
static char *find_address(char *config) {
    char *save = NULL;
    uint32_t address;
    for (char *word = strtok_r(config, " \t\r\n[],\"'", &save); word;
         word = strtok_r(NULL, " \t\r\n[],\"'", &save)) {
        char *slash = strchr(word, '/');
        if (!slash)
            continue;
        *slash = 0;
        if (name_parse_ip4(word, &address))
            return alloc_string(word);
    }
    return NULL;
}

bool import_files_read(const char *folder, struct store_instance *instance, struct error *error) {
    struct qemu_img_info info;
    scoped(buffer_done) struct buffer script = {0}, config = {0};
    scoped(alloc_release) char *disk = alloc_printf("%s/" LAYOUT_OS_DISK, folder);
    if (!qemu_img_info(disk, &info, error) || !read_text(folder, LAYOUT_SCRIPT, &script, error) ||
        !read_text(folder, LAYOUT_DOCUMENTS "/network-config", &config, error))
        return false;
    instance->disk_bytes = info.virtual_bytes;
    instance->vcpu = DEFAULT_VCPU;
    instance->ram_mib = DEFAULT_RAM_MIB;
    take_hardware(script.data, instance);
    instance->ip4 = find_address(config.data);
    return true;
}
