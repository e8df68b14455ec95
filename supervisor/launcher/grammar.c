#include "launcher/grammar.h"

#include "base/platform.h"
#include "launcher/start.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* --- what may be started as root: data --- */

/* In a value '@' stands for a word, '%' for anything without a comma, '~' for a file in a folder of
 * firmware, '!' for the user's numbers, everything else for itself. No value names a file or a
 * socket that a user can change. */
struct rule {
    const char *option, *value; /* no value: NULL */
};

static const struct rule qemu_rules[] = {
    {"-no-user-config", NULL},
    {"-nodefaults", NULL},
    {"-S", NULL},
    {"-display", "none"},
    {"-name", "guest=@,debug-threads=on"},
    {"-uuid", "@"},
    {"-machine", "@"},
    {"-machine", "@,gic-version=3"},
    {"-machine", "@,gic-version=3,virtualization=on"},
    {"-machine", "@,pflash0=firmware0"},
    {"-accel", "@"},
    {"-accel", "hvf,kernel-irqchip=on"},
    {"-cpu", "@"},
    {"-cpu", "host,pmu=off"},
    {"-smp", "@"},
    {"-m", "@"},
    {"-bios", "~"},
    {"-blockdev", "driver=raw,node-name=firmware0,read-only=on,file.driver=file,file.filename=~"},
    {"-blockdev", "driver=null-co,node-name=@,size=@,read-zeroes=on"},
    {"-blockdev", "driver=raw,node-name=@,discard=unmap,file=@"},
    {"-blockdev", "driver=raw,node-name=@,read-only=on,file=@"},
    {"-boot", "menu=on,splash-time=0"},
    {"-msg", "timestamp=on"},
    {"-action", "panic=pause"},
    {"-chardev", "socket,id=@,fd=@,server=on,wait=off"},
    {"-mon", "chardev=@,mode=control"},
    {"-object", "monitor-qmp,id=@,chardev=@"},
    {"-serial", "chardev:@"},
    {"-device", "pvpanic-pci"},
    {"-device", "virtio-rng-pci"},
    {"-device", "nec-usb-xhci,id=@"},
    {"-device", "usb-kbd,bus=@"},
    {"-device", "virtio-serial-pci,id=@"},
    {"-device", "virtserialport,id=@,bus=@,chardev=@,name=@"},
    {"-device", "virtio-blk-pci,id=@,drive=@"},
    {"-device", "virtio-blk-pci,id=@,drive=@,bootindex=0"},
    {"-device", "virtio-blk-pci,id=@,drive=@,serial=@,addr=@"},
    {"-device", "virtio-net-pci,id=@,netdev=@,mac=@,romfile=,addr=@"},
    {"-smbios", "file=" START_FILE}, /* of the launcher's own, in QEMU's working folder */
    {"-smbios", "type=11,value=io.systemd.credential:tmpfiles.extra=%"},
    {"-smbios", "type=3,manufacturer=pgsup,version=0,serial=@,asset=@,sku=pgsup"},
    {"-netdev", "vmnet-bridged,id=@,ifname=@"},
    {"-netdev", "vmnet-shared,id=@"},
    {"-netdev", "vmnet-host,id=@"},
    {"-netdev", "dgram,id=@,local.type=fd,local.str=@"},
    {"-netdev", "stream,id=@,server=off,addr.type=fd,addr.str=@"},
    {"-netdev", "dgram,id=@,local.type=inet,local.host=127.0.0.1,local.port=0,remote.type=inet,"
                "remote.host=239.@,remote.port=@"},
    {"-netdev", "user,id=@,hostname=@,net=%"},
    {"-runas", "!"},
    {"-run-with", "user=!"},
    {NULL, NULL},
};

static const struct rule vmnet_helper_rules[] = {
    {"--fd=3", NULL},
    {"--interface-id", "@"},
    {"--operation-mode", "@"},
    {"--start-address", "@"},
    {"--end-address", "@"},
    {"--subnet-mask", "@"},
    {"--shared-interface", "@"},
    {NULL, NULL},
};

/* It asks /etc/qemu/bridge.conf which bridges may be used. */
static const struct rule bridge_helper_rules[] = {
    {"--use-vnet", NULL},
    {"--fd=3", NULL},
    {"--br=@", NULL},
    {NULL, NULL},
};

static const struct program {
    const char *path;
    const struct rule *rules;
    bool drops; /* root, by an option that must be there */
} programs[] = {
    {"/usr/bin/qemu-system-aarch64", qemu_rules, true},
    {"/usr/bin/qemu-system-x86_64", qemu_rules, true},
    {"/usr/local/bin/qemu-system-aarch64", qemu_rules, true},
    {"/usr/local/bin/qemu-system-x86_64", qemu_rules, true},
    {"/opt/local/bin/qemu-system-aarch64", qemu_rules, true},
    {"/opt/local/bin/qemu-system-x86_64", qemu_rules, true},
    {"/opt/homebrew/bin/qemu-system-aarch64", qemu_rules, true},
    {"/opt/homebrew/bin/qemu-system-x86_64", qemu_rules, true},
    {"/opt/vmnet-helper/bin/vmnet-helper", vmnet_helper_rules, false},
    {"/usr/lib/qemu/qemu-bridge-helper", bridge_helper_rules, false},
    {"/usr/libexec/qemu-bridge-helper", bridge_helper_rules, false},
    {"/usr/local/libexec/qemu-bridge-helper", bridge_helper_rules, false},
};

static const char *const firmware_folders[] = {
    "/usr/share/",
    "/usr/local/share/qemu/",
    "/opt/local/share/qemu/",
    "/opt/homebrew/share/qemu/",
};

/* --- the grammar --- */

#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+-"

/* Homebrew's folders on a Mac are the user's own, which the user is told at the start of the
 * supervisor. */
static bool may_be_users(const char *path) {
    static const char *const folders[] = {"/opt/homebrew/", "/usr/local/bin/",
                                          "/usr/local/share/qemu/"};
    for (size_t i = 0; platform_is_macos() && i < sizeof folders / sizeof *folders; i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0)
            return true;
    return false;
}

/* Nobody else can put a file in its place, or change it. */
static bool is_roots(const char *path) {
    char part[128];
    struct stat status;
    if (strlen(path) >= sizeof part)
        return false;
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        if (stat(part, &status) < 0 && errno == ENOENT)
            return true; /* its folder is root's */
        if (stat(part, &status) < 0 || status.st_uid != 0 || (status.st_mode & 022) != 0)
            return may_be_users(path);
    }
    return true;
}

static bool is_firmware(const char *value) {
    for (size_t i = 0; i < sizeof firmware_folders / sizeof *firmware_folders; i++)
        if (strncmp(value, firmware_folders[i], strlen(firmware_folders[i])) == 0)
            return !strstr(value, "..") && value[strspn(value, WORD "/")] == 0 && is_roots(value);
    return false;
}

static bool fits(const char *pattern, const char *value, const char *numbers) {
    for (; *pattern; pattern++) {
        size_t length = 1;
        if (*pattern == '@')
            length = strspn(value, WORD);
        else if (*pattern == '%')
            length = strcspn(value, ",");
        else if (*pattern == '~')
            length = is_firmware(value) ? strlen(value) : 0;
        else if (*pattern == '!')
            length = strncmp(value, numbers, strlen(numbers)) == 0 ? strlen(numbers) : 0;
        else if (*pattern != *value)
            return false;
        if (length == 0)
            return false;
        value += length;
    }
    return *value == 0;
}

/* How many words the first rule that fits takes; 0: none fits. */
static size_t match(const struct rule *rule, char *const words[], const char *numbers) {
    for (; rule->option; rule++) {
        if (!fits(rule->option, words[0], numbers))
            continue;
        if (!rule->value)
            return 1;
        if (words[1] && fits(rule->value, words[1], numbers))
            return 2;
    }
    return 0;
}

bool grammar_allows(char *const argv[], const struct identity *user) {
    const struct program *program = programs, *end = programs + sizeof programs / sizeof *programs;
    char numbers[32];
    bool dropped = false;
    snprintf(numbers, sizeof numbers, "%lu:%lu", (unsigned long)user->uid,
             (unsigned long)user->gid);
    while (program < end && strcmp(program->path, argv[0]) != 0)
        program++;
    if (program == end || !is_roots(argv[0]))
        return false;
    for (size_t i = 1, taken; argv[i]; i += taken) {
        taken = match(program->rules, argv + i, numbers);
        dropped |= taken == 2 && strncmp(argv[i], "-run", 4) == 0;
        if (taken == 0 && program->drops && user->any_arguments)
            taken = 1;
        if (taken == 0)
            return false;
    }
    return dropped || !program->drops;
}
