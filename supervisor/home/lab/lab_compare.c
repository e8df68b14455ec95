#include "home/lab/lab_compare.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/instance/definition.h"
#include "home/instance/forward.h"
#include "home/instance/nic.h"

#include <inttypes.h>
#include <string.h>

static bool same_text(const char *one, const char *other) {
    return one == other || (one && other && strcmp(one, other) == 0);
}

static void tell_difference(struct buffer *detail, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void tell_difference(struct buffer *detail, const char *format, ...) {
    va_list arguments;
    if (detail->length)
        buffer_puts(detail, ", ");
    va_start(arguments, format);
    buffer_vprintf(detail, format, arguments);
    va_end(arguments);
}

static void tell_text(const char *what, const char *before, const char *after,
                      struct buffer *detail) {
    if (!same_text(before, after))
        tell_difference(detail, "%s %s -> %s", what, before ? before : "none",
                        after ? after : "none");
}

static void tell_number(const char *what, uint64_t before, uint64_t after, struct buffer *detail) {
    if (before != after)
        tell_difference(detail, "%s %" PRIu64 " -> %" PRIu64, what, before, after);
}

/* What a VM that runs has until its next start. */
static void tell_hardware(const struct store_instance *before, const struct store_instance *after,
                          struct buffer *detail) {
    tell_number("vcpu", before->vcpu, after->vcpu, detail);
    tell_number("ram (MiB)", before->ram_mib, after->ram_mib, detail);
    tell_number("ssh-port", before->ssh_port, after->ssh_port, detail);
    tell_text("ip", before->ip4, after->ip4, detail);
    tell_number("nested", before->nested, after->nested, detail);
    tell_text("accel", before->accel, after->accel, detail);
    tell_text("seed", store_seed_word(before->seed), store_seed_word(after->seed), detail);
}

/* Variables may be long, and several. */
static void tell_settings(const struct store_instance *before, const struct store_instance *after,
                          struct buffer *detail) {
    tell_text("restart", store_restart_word(before->restart), store_restart_word(after->restart),
              detail);
    tell_number("autostart", before->autostart, after->autostart, detail);
    tell_text("after", before->after, after->after, detail);
    tell_number("snapshot-every (s)", before->snapshot_every_s, after->snapshot_every_s, detail);
    tell_number("snapshot-keep", before->snapshot_keep, after->snapshot_keep, detail);
    tell_text("groups", before->groups, after->groups, detail);
    tell_number("provision", !before->holds_playbook, !after->holds_playbook, detail);
    if (!same_text(before->variables, after->variables))
        tell_difference(detail, "vars");
}

static bool compare_backups(struct home *home, const struct instance_facts *facts,
                            const struct lab_options *options, struct buffer *detail,
                            struct error *error) {
    const struct backup_period_options *change = &options->change.backups;
    struct store_backup before = {0}, after = {0};
    bool good = !backup_period_any(change) ||
                (backup_table_get(home->store, facts->instance.id, &before, error) &&
                 backup_table_get(home->store, facts->instance.id, &after, error) &&
                 backup_period_change(home, change, &after, error));
    if (good) {
        tell_text("backup-to", before.folder, after.folder, detail);
        tell_number("backup-every (s)", before.every_s, after.every_s, detail);
        tell_number("backup-keep", before.keep, after.keep, detail);
    }
    store_backup_done(&before);
    store_backup_done(&after);
    return good;
}

static bool compare_settings(struct home *home, const struct instance_facts *facts,
                             const struct lab_options *options, struct lab_difference *difference,
                             struct error *error) {
    struct store_instance wanted = {0};
    bool good = instance_table_get(home->store, facts->instance.name, &wanted, error) &&
                definition_change(&options->change, &facts->cloud, &facts->image, &wanted, error) &&
                startup_apply(home->store, &options->change.startup, &wanted, error) &&
                snapshot_schedule_apply(&options->change.snapshots, &wanted, error) &&
                definition_apply_ansible(&options->change.ansible, &wanted, error) &&
                definition_check_address(home->store, &facts->cloud, &wanted, error);
    size_t before = difference->detail.length;
    if (good)
        tell_hardware(&facts->instance, &wanted, &difference->detail);
    difference->hardware = difference->detail.length > before;
    if (good)
        tell_settings(&facts->instance, &wanted, &difference->detail);
    good = good && compare_backups(home, facts, options, &difference->detail, error);
    difference->settings = difference->detail.length > before;
    store_instance_done(&wanted);
    return good;
}

static bool compare_documents(struct home *home, const struct lab_options *options,
                              struct lab_difference *difference, struct error *error) {
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        bool differs = false;
        if (!lab_document_differs(home, options, (enum seed_document)i, &differs, error))
            return false;
        if (differs)
            tell_difference(&difference->detail, "%s", seed_document_name((enum seed_document)i));
        difference->documents = difference->documents || differs;
    }
    return true;
}

/* --- cards --- */

static bool is_same_card(const struct store_nic *wanted, const struct store_nic *has) {
    size_t length = wanted->ip4 ? strcspn(wanted->ip4, "/") : 0;
    return wanted->network == has->network &&
           (wanted->network ||
            (same_text(wanted->kind, has->kind) && same_text(wanted->interface, has->interface))) &&
           (!wanted->mac || same_text(wanted->mac, has->mac)) &&
           (!wanted->ip4 || (has->ip4 && strcspn(has->ip4, "/") == length &&
                             strncmp(wanted->ip4, has->ip4, length) == 0));
}

struct cards {
    const struct store_nics *has;
    bool taken[SPEC_NICS_MAX]; /* of those: the file names it */
    bool found[SPEC_NICS_MAX]; /* of those in the file: the instance has it */
};

static bool take_card(struct cards *cards, const struct store_nic *wanted) {
    for (size_t i = 0; i < cards->has->count && i < SPEC_NICS_MAX; i++)
        if (!cards->taken[i] && is_same_card(wanted, &cards->has->items[i]))
            return cards->taken[i] = true;
    return false;
}

static bool says_which(const struct store_nic *wanted) {
    return wanted->ip4 || wanted->mac;
}

/* A card that says its address is that one, whatever stands before it in the file. */
static void take_cards(const struct store_nics *wanted, struct cards *cards) {
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < wanted->count; i++)
            if (says_which(&wanted->items[i]) == (pass == 0))
                cards->found[i] = take_card(cards, &wanted->items[i]);
}

static void tell_cards(const struct cards *cards, const struct lab_options *options,
                       struct lab_difference *difference) {
    for (size_t i = 0; i < options->nics.count; i++)
        if (!cards->found[i]) {
            strv_push(&difference->added_nics, options->nics.items[i]);
            tell_difference(&difference->detail, "card +%s", options->nics.items[i]);
        }
    for (size_t i = 0; i < cards->has->count && i < SPEC_NICS_MAX; i++) {
        scoped(alloc_release) char *text = nic_text(&cards->has->items[i]);
        if (cards->taken[i])
            continue;
        strv_pushf(&difference->removed_nics, "%d", cards->has->items[i].position);
        tell_difference(&difference->detail, "card -%s", text);
    }
}

static bool compare_cards(struct home *home, const struct instance_facts *facts,
                          const struct lab_options *options, struct lab_difference *difference,
                          struct error *error) {
    struct cards cards = {.has = &facts->nics};
    struct store_nics wanted = {0};
    bool good =
        !options->nics.count || nic_parse_all(home->store, options->nics.items, &wanted, error);
    if (good) {
        take_cards(&wanted, &cards);
        tell_cards(&cards, options, difference);
    }
    store_nics_done(&wanted);
    return good;
}

/* --- forwards and disks --- */

static void compare_texts(const struct strv *wanted, const struct strv *has,
                          struct lab_difference *difference) {
    for (size_t i = 0; i < wanted->count; i++)
        if (!strv_has(has, wanted->items[i])) {
            strv_push(&difference->added_forwards, wanted->items[i]);
            tell_difference(&difference->detail, "forward +%s", wanted->items[i]);
        }
    for (size_t i = 0; i < has->count; i++)
        if (!strv_has(wanted, has->items[i])) {
            strv_push(&difference->removed_forwards, has->items[i]);
            tell_difference(&difference->detail, "forward -%s", has->items[i]);
        }
}

static bool compare_forwards(const struct instance_facts *facts, char *const *given,
                             struct lab_difference *difference, struct error *error) {
    scoped(strv_done) struct strv wanted = {0}, has = {0};
    struct store_forwards parsed = {0};
    bool good = forward_parse_all(given, &facts->cloud, &parsed, error);
    for (size_t i = 0; good && i < parsed.count; i++)
        strv_take(&wanted, forward_text(&parsed.items[i]));
    for (size_t i = 0; good && i < facts->forwards.count; i++)
        strv_take(&has, forward_text(&facts->forwards.items[i]));
    if (good)
        compare_texts(&wanted, &has, difference);
    store_forwards_done(&parsed);
    return good || error_about(error, "forwards");
}

static const struct store_disk *find_disk(const struct store_disks *disks, const char *name) {
    for (size_t i = 0; i < disks->count; i++)
        if (strcmp(disks->items[i].name, name) == 0)
            return &disks->items[i];
    return NULL;
}

static bool note_disk_size(const struct store_disk *disk, const char *wanted, struct buffer *notes,
                           struct error *error) {
    uint64_t bytes = 0;
    char present[32], shown[32];
    if (!definition_parse_disk(wanted, &bytes, error))
        return false;
    name_format_size(disk->bytes, present);
    name_format_size(bytes, shown);
    if (bytes != disk->bytes)
        tell_difference(notes, "its disk %s has %s, not %s, which no command changes", disk->name,
                        present, shown);
    return true;
}

static bool compare_disks(const struct instance_facts *facts, char *const *given,
                          struct lab_difference *difference, struct error *error) {
    bool good = true;
    for (; good && given && *given; given++) {
        scoped(alloc_release) char *name = alloc_slice(*given, strcspn(*given, "="));
        const char *size = *given + strlen(name) + 1;
        const struct store_disk *has = find_disk(&facts->disks, name);
        if (has) {
            good = note_disk_size(has, size, &difference->notes, error);
            continue;
        }
        strv_push(&difference->added_disks, name);
        strv_push(&difference->added_disks, size);
        tell_difference(&difference->detail, "disk +%s", name);
    }
    return good || error_about(error, "disks");
}

/* A disk that was made of one image is not made of another without losing what is on it. */
static void note_image(const struct instance_facts *facts, const char *wanted,
                       struct buffer *notes) {
    scoped(alloc_release) char *shown = name_printable(wanted, strlen(wanted), NAME_LABEL_MAX);
    const char *name = facts->instance.name;
    if (strcmp(wanted, facts->image.name) != 0)
        tell_difference(
            notes,
            "its image is \"%s\", not \"%s\", which no command changes: `pgsup instance "
            "remove %s` and the same apply make it anew, without its data",
            facts->image.name, shown, name);
}

static bool note_size(const struct instance_facts *facts, const char *wanted, struct buffer *notes,
                      struct error *error) {
    uint64_t bytes = 0, has = facts->instance.disk_bytes;
    char present[32], shown[32];
    if (!definition_parse_disk(wanted, &bytes, error))
        return error_about(error, "size");
    name_format_size(has, present);
    name_format_size(bytes, shown);
    if (bytes > has)
        tell_difference(notes,
                        "resize needed: its disk has %s, not %s (`pgsup instance resize %s "
                        "%" PRIu64 "`)",
                        present, shown, facts->instance.name, bytes);
    if (bytes < has)
        tell_difference(notes, "its disk has %s, not %s, and a disk does not shrink", present,
                        shown);
    return true;
}

/* What takes another command, because it may lose data or needs a stopped guest. */
static bool note_others(const struct instance_facts *facts, const struct lab_instance *instance,
                        struct buffer *notes, struct error *error) {
    const char *image = lab_text(&instance->values[LAB_IMAGE]);
    const char *size = lab_text(&instance->values[LAB_SIZE]);
    if (image)
        note_image(facts, image, notes);
    return !size || note_size(facts, size, notes, error);
}

bool lab_compare_connections(struct home *home, const struct instance_facts *facts,
                             const struct lab_options *options, struct lab_difference *difference,
                             struct error *error) {
    const struct lab_value *values = options->instance->values;
    char *const *forwards = lab_list(&values[LAB_FORWARDS]);
    return (!values[LAB_NICS].given || compare_cards(home, facts, options, difference, error)) &&
           (!forwards || compare_forwards(facts, forwards, difference, error));
}

static bool compare_all(struct home *home, const struct instance_facts *facts,
                        const struct lab_options *options, struct lab_difference *difference,
                        struct error *error) {
    const struct lab_instance *instance = options->instance;
    if (!compare_settings(home, facts, options, difference, error) ||
        !compare_documents(home, options, difference, error) ||
        !lab_compare_connections(home, facts, options, difference, error) ||
        !compare_disks(facts, lab_list(&instance->values[LAB_DISKS]), difference, error))
        return false;
    difference->hardware = difference->hardware || difference->added_nics.count ||
                           difference->removed_nics.count || difference->added_forwards.count ||
                           difference->removed_forwards.count || difference->added_disks.count;
    return note_others(facts, instance, &difference->notes, error);
}

bool lab_compare(struct home *home, struct lab_options *options, struct lab_difference *difference,
                 struct error *error) {
    struct instance_facts facts = {0};
    bool good =
        lab_options_load(home, options, &facts, error) &&
        (compare_all(home, &facts, options, difference, error) || lab_options_fail(options, error));
    instance_facts_done(&facts);
    return good;
}

void lab_difference_done(struct lab_difference *difference) {
    strv_done(&difference->added_nics);
    strv_done(&difference->removed_nics);
    strv_done(&difference->added_forwards);
    strv_done(&difference->removed_forwards);
    strv_done(&difference->added_disks);
    buffer_done(&difference->detail);
    buffer_done(&difference->notes);
}
