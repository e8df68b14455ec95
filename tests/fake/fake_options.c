#include "fake_options.h"

#include "base/alloc.h"
#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "fd" of "socket,id=qmp,fd=3,server=on": "3". A comma in a value is doubled. */
static char *option(const char *text, const char *key) {
    size_t length = strlen(key);
    while (text && *text) {
        bool found = strncmp(text, key, length) == 0 && text[length] == '=';
        scoped(buffer_done) struct buffer part = {0};
        for (; *text && (*text != ',' || text[1] == ','); text++) {
            text += *text == ',';
            buffer_putc(&part, *text);
        }
        text += *text == ',';
        if (found)
            return alloc_string(part.data + length + 1);
    }
    return NULL;
}

static void add_chardev(struct fake_options *options, const char *value) {
    scoped(alloc_release) char *fd = option(value, "fd");
    struct fake_chardev *chardev = &options->chardevs[options->chardev_count];
    if (strncmp(value, "socket,", 7) != 0 || options->chardev_count == FAKE_CHARDEVS)
        return;
    *chardev = (struct fake_chardev){
        .id = option(value, "id"),
        .path = option(value, "path"),
        .fd = fd ? atoi(fd) : -1,
    };
    options->chardev_count++;
}

static void add_monitor(struct fake_options *options, const char *value) {
    scoped(alloc_release) char *id = option(value, "chardev");
    scoped(alloc_release) char *mode = option(value, "mode");
    for (int i = 0; id && i < options->chardev_count; i++)
        if (options->chardevs[i].id && strcmp(options->chardevs[i].id, id) == 0)
            options->chardevs[i].control = mode && strcmp(mode, "control") == 0;
}

/* monitor-qmp,id=qmp-monitor,chardev=qmp */
static void add_object(struct fake_options *options, const char *value) {
    scoped(alloc_release) char *id = option(value, "chardev");
    if (strncmp(value, "monitor-qmp,", 12) != 0)
        return;
    for (int i = 0; id && i < options->chardev_count; i++)
        if (options->chardevs[i].id && strcmp(options->chardevs[i].id, id) == 0)
            options->chardevs[i].control = true;
}

/* -qmp unix:PATH,server=on,wait=off, as vm.sh has it */
static void add_qmp(struct fake_options *options, const char *value) {
    if (strncmp(value, "unix:", 5) != 0)
        return;
    scoped(alloc_release) char *same =
        alloc_printf("socket,id=compat_monitor%d,path=%s", options->chardev_count, value + 5);
    int before = options->chardev_count;
    add_chardev(options, same);
    if (options->chardev_count > before)
        options->chardevs[before].control = true;
}

static void read_pair(struct fake_options *options, const char *name, const char *value) {
    if (strcmp(name, "-chardev") == 0)
        add_chardev(options, value);
    else if (strcmp(name, "-mon") == 0)
        add_monitor(options, value);
    else if (strcmp(name, "-object") == 0)
        add_object(options, value);
    else if (strcmp(name, "-qmp") == 0)
        add_qmp(options, value);
    else if (strcmp(name, "-pidfile") == 0)
        alloc_replace(&options->pid_file, alloc_string(value));
    else if (strcmp(name, "-uuid") == 0)
        alloc_replace(&options->uuid, alloc_string(value));
    else if (strcmp(name, "-name") == 0)
        alloc_replace(&options->name,
                      strchr(value, '=') ? option(value, "guest") : alloc_string(value));
}

static bool takes_no_value(const char *name) {
    static const char *const flags[] = {
        "-S",           "-nodefaults", "-no-user-config", "-nographic",
        "-no-shutdown", "-no-reboot",  "-snapshot",       "-enable-kvm",
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(flags[i], name) == 0)
            return true;
    return false;
}

void fake_options_read(struct fake_options *options, char **argv) {
    for (char **word = argv + 1; *word; word++) {
        const char *name = strncmp(*word, "--", 2) == 0 ? *word + 1 : *word;
        options->stopped |= strcmp(name, "-S") == 0;
        if (name[0] == '-' && !takes_no_value(name) && word[1])
            read_pair(options, name, *++word);
    }
}

bool fake_options_help(char **argv) {
    for (char **word = argv + 1; *word; word++) {
        const char *name = strncmp(*word, "--", 2) == 0 ? *word + 1 : *word;
        bool help = word[1] && strcmp(word[1], "help") == 0;
        if (strcmp(name, "-version") == 0)
            puts("QEMU emulator version 7.2.22 (fake)");
        else if (strcmp(name, "-help") == 0)
            puts("QEMU emulator version 7.2.22 (fake)\n"
                 "-sandbox on[,obsolete=allow|deny]\n"
                 "                Enable seccomp mode 2 system call filter (default 'off').");
        else if (strcmp(name, "-accel") == 0 && help)
            puts("Accelerators supported in QEMU binary:\ntcg");
        else if ((strcmp(name, "-machine") == 0 || strcmp(name, "-M") == 0) && help)
            puts("Supported machines are:\n"
                 "none                 empty machine\n"
                 "virt                 QEMU 7.2 ARM Virtual Machine (alias of virt-7.2)\n"
                 "virt-7.2             QEMU 7.2 ARM Virtual Machine");
        else if (strcmp(name, "-qmp") == 0 && word[1] && strcmp(word[1], "stdio") == 0)
            puts("{\"QMP\": {\"version\": {}, \"capabilities\": []}}\n{\"return\": {}}\n"
                 "{\"return\": [{\"name\": \"virt-7.2\", \"alias\": \"virt\"}]}\n{\"return\": {}}");
        else
            continue;
        return true;
    }
    return false;
}

void fake_options_done(struct fake_options *options) {
    for (int i = 0; i < options->chardev_count; i++) {
        free(options->chardevs[i].id);
        free(options->chardevs[i].path);
    }
    free(options->name);
    free(options->uuid);
    free(options->pid_file);
}
