#include "base/alloc.h"
#include "golden.h"
#include "machine/core/helper_argv.h"
#include "machine/core/qemu_argv.h"
#include "specs.h"
#include "test.h"

static struct strv build(const struct spec_case *row, enum qemu_argv_style style) {
    scoped(alloc_release) char *pid = alloc_printf("%s/test.4.pid", row->run_folder);
    scoped(alloc_release) char *qmp = alloc_printf("%s/test.4.qmp", row->run_folder);
    scoped(alloc_release) char *spare = alloc_printf("%s/test.4.mon", row->run_folder);
    scoped(alloc_release) char *agent = alloc_printf("%s/test.4.qga", row->run_folder);
    const struct qemu_argv_launch launch = {.style = style,
                                            .pid_file = pid,
                                            .qmp_path = qmp,
                                            .second_path = spare,
                                            .agent_path = agent,
                                            .qmp_fd = 3,
                                            .console_fd = 4,
                                            .helper_fd = 5};
    struct strv argv = {0};
    qemu_argv_build(&row->spec, &launch, &argv);
    return argv;
}

/* One option to a line, its value behind it. */
static void print(const struct strv *argv, struct buffer *text) {
    for (size_t i = 0; i < argv->count; i++)
        buffer_printf(text, "%s%s",
                      i == 0                     ? ""
                      : argv->items[i][0] == '-' ? "\n"
                                                 : " ",
                      argv->items[i]);
    buffer_putc(text, '\n');
}

TEST(golden) {
    for (size_t i = 0; i < spec_case_count; i++) {
        struct strv argv = build(&spec_cases[i], QEMU_ARGV_SUPERVISED);
        struct buffer text = {0};
        print(&argv, &text);
        char path[128];
        snprintf(path, sizeof path, "golden/argv/%s.args", spec_cases[i].name);
        golden_check(path, &text);
        buffer_done(&text);
        strv_done(&argv);
    }
}

/* Of its helpers, one to a line. */
static void print_helpers(const struct spec *spec, struct buffer *text) {
    for (size_t i = 0; i < spec->nic_count; i++) {
        struct strv argv = {0};
        if (!spec_network_has_helper(spec->nics[i].network))
            continue;
        helper_argv_build(spec, &spec->nics[i], &argv);
        for (size_t j = 0; j < argv.count; j++)
            buffer_printf(text, "%s%s", j ? " " : "", argv.items[j]);
        buffer_putc(text, '\n');
        strv_done(&argv);
    }
}

TEST(golden_helpers) {
    for (size_t i = 0; i < spec_case_count; i++) {
        struct buffer text = {0};
        char path[128];
        if (!spec_cases[i].spec.helper.program)
            continue;
        print_helpers(&spec_cases[i].spec, &text);
        snprintf(path, sizeof path, "golden/argv/%s.helpers", spec_cases[i].name);
        golden_check(path, &text);
        buffer_done(&text);
    }
}

/* Cuts the next key=value part at a comma that is not doubled, and undoubles the others. */
static bool next_part(const char **rest, char *part, size_t size) {
    size_t used = 0;
    const char *at = *rest;
    if (!*at)
        return false;
    while (*at && used + 1 < size) {
        if (*at == ',' && *++at != ',')
            break;
        part[used++] = *at++;
    }
    part[used] = 0;
    *rest = at;
    return true;
}

static bool key_allowed(const char *part, const char *keys) {
    size_t length = strcspn(part, "=");
    if (part[length] != '=')
        return false;
    for (const char *key = keys; *key;) {
        size_t size = strcspn(key, " \n");
        if (size == length && strncmp(key, part, size) == 0)
            return true;
        key += size + strspn(key + size, " \n");
    }
    return false;
}

static bool keys_allowed(const char *value, const char *keys) {
    char part[4096];
    while (next_part(&value, part, sizeof part))
        if (!key_allowed(part, keys))
            return false;
    return true;
}

/* Whether one row of the table, "OPTION HEAD | KEYS", allows this option with this value. */
static bool row_allows(const char *row, const char *option, const char *value, bool *takes_value) {
    char name[64], head[64];
    int keys_at = 0;
    if (sscanf(row, "%63s %63s | %n", name, head, &keys_at) != 2 || strcmp(name, option) != 0)
        return false;
    const char *keys = keys_at ? row + keys_at : "";
    *takes_value = strcmp(head, "-") != 0;
    if (!*takes_value || strcmp(head, "*") == 0)
        return true;
    if (strcmp(head, ".") == 0)
        return value && keys_allowed(value, keys);
    char first[4096];
    return value && next_part(&value, first, sizeof first) && strcmp(first, head) == 0 &&
           keys_allowed(value, keys);
}

static bool table_allows(const char *table, const char *option, const char *value,
                         bool *takes_value) {
    for (const char *row = table; *row;) {
        size_t length = strcspn(row, "\n");
        scoped(alloc_release) char *line = alloc_slice(row, length);
        if (line[0] == '-' && row_allows(line, option, value, takes_value))
            return true;
        row += length + (row[length] == '\n');
    }
    return false;
}

static void check_options(const struct strv *argv, const char *table) {
    for (size_t i = 1; i < argv->count; i++) {
        bool takes_value = false;
        const char *value = argv->items[i + 1];
        bool documented = table_allows(table, argv->items[i], value, &takes_value);
        CHECK(documented);
        if (!documented) {
            fprintf(stderr, "not in golden/qemu-options.txt: %s %s\n", argv->items[i],
                    value ? value : "");
            return;
        }
        i += takes_value;
    }
}

TEST(only_documented_options) {
    struct buffer table = {0};
    struct error error = {0};
    CHECK(file_read("golden/qemu-options.txt", GOLDEN_LIMIT_BYTES, &table, &error));
    for (size_t i = 0; i < spec_case_count; i++) {
        struct strv supervised = build(&spec_cases[i], QEMU_ARGV_SUPERVISED);
        struct strv script = build(&spec_cases[i], QEMU_ARGV_SCRIPT);
        check_options(&supervised, table.data);
        check_options(&script, table.data);
        strv_done(&supervised);
        strv_done(&script);
    }
    bool ignored;
    CHECK(!table_allows(table.data, "-device", "virtio-blk-pci,scsi=on", &ignored));
    CHECK(!table_allows(table.data, "-device", "e1000", &ignored));
    CHECK(!table_allows(table.data, "-runas", "nobody", &ignored));
    CHECK(!table_allows(table.data, "-chardev", "socket,id=a,server", &ignored));
    buffer_done(&table);
}

static bool has_prefix(const struct strv *argv, const char *prefix) {
    for (size_t i = 0; i < argv->count; i++)
        if (strncmp(argv->items[i], prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

static void check_seed(const struct spec *spec, enum qemu_argv_style style, bool drive, bool url) {
    struct spec_case row = {"seed", "/run", *spec};
    struct strv argv = build(&row, style);
    CHECK_INT(has_prefix(&argv, "driver=raw,node-name=seed0"), drive);
    CHECK_INT(has_prefix(&argv, "file="), url);
    strv_done(&argv);
}

TEST(the_seed_comes_by_one_way_only) {
    struct spec both = spec_case_find("linux-user")->spec, drive = both, url = both;
    drive.seed_url = NULL;
    url.seed_drive = NULL;
    check_seed(&both, QEMU_ARGV_SUPERVISED, false, true);
    check_seed(&both, QEMU_ARGV_SCRIPT, true, false);
    check_seed(&drive, QEMU_ARGV_SUPERVISED, true, false);
    check_seed(&drive, QEMU_ARGV_SCRIPT, true, false);
    check_seed(&url, QEMU_ARGV_SUPERVISED, false, true);
    check_seed(&url, QEMU_ARGV_SCRIPT, false, true);
}

TEST(words) {
    enum spec_network network;
    CHECK(spec_network_from_word("vmnet-shared", &network));
    CHECK_INT(network, SPEC_NET_VMNET_SHARED);
    CHECK(!spec_network_from_word("vmnet", &network));
    CHECK(!spec_network_from_word(NULL, &network));
    for (int i = 0; i < SPEC_NETWORK_COUNT; i++) {
        CHECK(spec_network_from_word(spec_network_word((enum spec_network)i), &network));
        CHECK_INT(network, i);
    }
    enum spec_arch arch;
    CHECK(spec_arch_from_word("x86_64", &arch) && arch == SPEC_X86_64);
    CHECK(!spec_arch_from_word("amd64", &arch));
    enum spec_accel accel;
    CHECK(spec_accel_from_word("kvm", &accel) && accel == SPEC_KVM);
    CHECK(!spec_accel_from_word("", &accel));
}

int main(void) {
    return test_run();
}
