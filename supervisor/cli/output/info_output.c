#include "info_output.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/duration.h"
#include "base/name.h"
#include "cli/output/vm_label.h"
#include "cli/terminal/color.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 14

struct info {
    const json_t *from;
    const struct info_output_style *style;
    struct strv *lines;
};

/* --- what is read --- */

static const char *text_of(const struct info *info, const char *key) {
    return json_string_value(json_object_get(info->from, key));
}

static json_int_t number_of(const struct info *info, const char *key) {
    return json_integer_value(json_object_get(info->from, key));
}

static const char *yes_or_no(const struct info *info, const char *key) {
    return json_is_true(json_object_get(info->from, key)) ? "yes" : "no";
}

/* "3 min ago"; "": not known. Caller frees. */
static char *age_of(const struct info *info, const char *key) {
    const char *time = text_of(info, key);
    char text[DURATION_SIZE];
    int64_t at_ms;
    if (!time || !duration_parse_since(time, 0, &at_ms, NULL))
        return alloc_string("");
    duration_format((uint64_t)(info->style->now_ms > at_ms ? info->style->now_ms - at_ms : 0),
                    text);
    return alloc_printf("%s ago", text);
}

static char *joined(const json_t *list) {
    struct buffer text = {0};
    size_t index;
    json_t *each;
    json_array_foreach(list, index, each) {
        buffer_printf(&text, "%s%s", index ? ", " : "", json_string_value(each));
    }
    buffer_puts(&text, "");
    return buffer_take(&text);
}

/* --- what is written --- */

static void add_section(struct info *info, const char *title) {
    strv_push(info->lines, title);
}

static void add_line(struct info *info, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add_line(struct info *info, const char *label, const char *format, ...) {
    va_list arguments;
    scoped(buffer_done) struct buffer text = {0};
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    scoped(alloc_release) char *safe = name_safe(text.data ? text.data : "");
    if (*safe)
        strv_pushf(info->lines, "  %-*s%s", LABEL_WIDTH, label, safe);
}

static void add_list(struct info *info, const char *label, const char *key) {
    scoped(alloc_release) char *text = joined(json_object_get(info->from, key));
    add_line(info, label, "%s", text);
}

static void add_variables(struct info *info) {
    const char *name;
    json_t *each;
    scoped(buffer_done) struct buffer text = {0};
    json_object_foreach(json_object_get(info->from, "variables"), name, each) {
        buffer_printf(&text, "%s%s=%s", text.length ? ", " : "", name, json_string_value(each));
    }
    add_line(info, "variables", "%s", text.data ? text.data : "");
}

static void write_state(struct info *info) {
    const char *state = text_of(info, "state");
    const char *style = info->style->color ? color_of_state(state) : "";
    const json_t *since = json_object_get(info->from, "since");
    char label[32], age[DURATION_SIZE] = "", process[32] = "";
    int64_t since_ms;
    vm_label(state, label);
    if (json_is_string(since) &&
        duration_parse_since(json_string_value(since), 0, &since_ms, NULL) &&
        info->style->now_ms > since_ms)
        duration_format((uint64_t)(info->style->now_ms - since_ms), age);
    if (number_of(info, "pid"))
        snprintf(process, sizeof process, ", process %lld", (long long)number_of(info, "pid"));
    strv_pushf(info->lines, "%s  %s%s%s%s%s%s%s", text_of(info, "name"), style, label,
               *style ? "\033[0m" : "", *age ? " for " : "", age, process,
               json_is_false(json_object_get(info->from, "supervised")) ? ", no supervisor" : "");
    if (text_of(info, "reason"))
        add_line(info, "reason", "%s", text_of(info, "reason"));
    scoped(alloc_release) char *failed = joined(json_object_get(info->from, "failed_modules"));
    if (text_of(info, "boot_stage"))
        add_line(info, "cloud-init", "%s%s%s%s%s", text_of(info, "boot_stage"),
                 text_of(info, "boot_module") ? ", " : "",
                 text_of(info, "boot_module") ? text_of(info, "boot_module") : "",
                 *failed ? "; failed: " : "", failed);
}

static void write_reach(struct info *info) {
    const char *address = text_of(info, "address"), *source = text_of(info, "address_source");
    const char *ip = text_of(info, "ip4"), *hostname = text_of(info, "hostname");
    scoped(alloc_release) char *home = age_of(info, "phoned_home");
    add_section(info, "Reach");
    if (address)
        add_line(info, "address", "%s port %lld, %s", address, (long long)number_of(info, "port"),
                 source ? source : "defined");
    else
        add_line(info, "address", "not known yet");
    if (*home)
        add_line(info, "guest", "%s, phoned home %s%s", hostname ? hostname : "without a name",
                 home, json_is_true(json_object_get(info->from, "agent")) ? ", agent answers" : "");
    else if (json_is_true(json_object_get(info->from, "agent")))
        add_line(info, "guest", "agent answers");
    if (text_of(info, "host_key_problem"))
        add_line(info, "host keys", "%s", text_of(info, "host_key_problem"));
    add_line(info, "card", "%s, ip %s", text_of(info, "mac"), ip ? ip : "dhcp");
    add_list(info, "more cards", "nics");
    add_list(info, "forwards", "forwards");
}

static void write_machine(struct info *info) {
    const char *accel = text_of(info, "accel");
    char ram[32], disk[32];
    scoped(alloc_release) char *created = age_of(info, "created");
    name_format_size((uint64_t)number_of(info, "ram_bytes"), ram);
    name_format_size((uint64_t)number_of(info, "disk_bytes"), disk);
    add_section(info, "Machine");
    add_line(info, "size", "%lld vCPU, %s RAM, %s disk", (long long)number_of(info, "vcpu"), ram,
             disk);
    add_list(info, "more disks", "disks");
    add_line(info, "image", "%s, %s, accelerator %s%s", text_of(info, "image"),
             text_of(info, "arch"), accel ? accel : "chosen at start",
             json_is_true(json_object_get(info->from, "nested")) ? ", nested" : "");
    if (text_of(info, "machine"))
        add_line(info, "machine", "%s", text_of(info, "machine"));
    add_list(info, "QEMU warns", "warnings");
    add_line(info, "created", "%s, %.10s, in %s", created, text_of(info, "created"),
             text_of(info, "folder"));
    add_line(info, "identity", "%s, %s", text_of(info, "instance_id"), text_of(info, "uuid"));
}

static void add_backups(struct info *info) {
    char every[DURATION_SIZE];
    int64_t every_s = number_of(info, "backup_every_s");
    if (every_s <= 0)
        return;
    duration_format((uint64_t)every_s * 1000, every);
    add_line(info, "backups", "every %s, the newest %lld are kept, in %s", every,
             (long long)number_of(info, "backup_keep"), text_of(info, "backup_to"));
}

static void write_settings(struct info *info) {
    const char *after = text_of(info, "after"), *result = text_of(info, "provisioning");
    const json_t *changed = json_object_get(info->from, "tasks_changed");
    scoped(alloc_release) char *age = age_of(info, "provisioned");
    scoped(alloc_release) char *begun = age_of(info, "provisioning_since");
    add_section(info, "Settings");
    add_line(info, "seed", "%s, host keys %s, package upgrade %s", text_of(info, "seed"),
             text_of(info, "host_keys"), yes_or_no(info, "package_upgrade"));
    add_line(info, "start", "autostart %s%s%s, restart %s, wanted %s", yes_or_no(info, "autostart"),
             after ? " after " : "", after ? after : "", text_of(info, "restart"),
             text_of(info, "wanted"));
    add_backups(info);
    add_list(info, "groups", "groups");
    add_variables(info);
    if (*begun)
        add_line(info, "provisioning", "under way, begun %s", begun);
    else if (result && json_is_integer(changed))
        add_line(info, "provisioning", "%s%s%s, tasks changed %lld, failed %lld", result,
                 *age ? " " : "", age, (long long)json_integer_value(changed),
                 (long long)number_of(info, "tasks_failed"));
    else if (result)
        add_line(info, "provisioning", "%s%s%s", result, *age ? " " : "", age);
    if (text_of(info, "ansible_log"))
        add_line(info, "Ansible's log", "%s", text_of(info, "ansible_log"));
}

/* --- boots --- */

static void write_console(struct info *info, const char *console) {
    scoped(alloc_release) char *copy = alloc_string(console);
    char *save = NULL;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        scoped(alloc_release) char *safe = name_safe(line);
        if (info->style->history || info->lines->count < INFO_OUTPUT_LINES)
            strv_pushf(info->lines, "  %-*s| %s", LABEL_WIDTH, "", safe);
    }
}

static void write_boot(struct info *info, const json_t *boot) {
    const char *key, *began = json_string_value(json_object_get(boot, "began"));
    const char *end = json_string_value(json_object_get(boot, "end"));
    const char *console = json_string_value(json_object_get(boot, "console"));
    struct buffer text = {0};
    json_t *seconds;
    buffer_printf(&text, "boot %-10lld %s ",
                  (long long)json_integer_value(json_object_get(boot, "boot")),
                  began ? began : "never launched");
    json_object_foreach(json_object_get(boot, "phases_s"), key, seconds) {
        if (strcmp(key, "launched") != 0)
            buffer_printf(&text, " %s %.1f s", key, json_real_value(seconds));
    }
    strv_take(info->lines, buffer_take(&text));
    if (end && (info->style->history || info->lines->count < INFO_OUTPUT_LINES))
        add_line(info, "ended", "%s: %s", json_string_value(json_object_get(boot, "ended")), end);
    if (console && *console)
        write_console(info, console);
}

void info_output_write(const json_t *from, const struct info_output_style *style,
                       struct strv *lines) {
    struct info info = {from, style, lines};
    const json_t *boots = json_object_get(from, "boots");
    size_t index;
    json_t *boot;
    write_state(&info);
    write_reach(&info);
    write_machine(&info);
    write_settings(&info);
    json_array_foreach(boots, index, boot) {
        if (style->history || index == 0)
            write_boot(&info, boot);
    }
}
