#include "home/lab/lab_write.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text_form.h"
#include "cloudinit/yaml_writer.h"
#include "home/access/host_groups.h"
#include "home/access/host_variables.h"
#include "home/facts.h"
#include "home/instance/forward.h"
#include "home/instance/nic.h"
#include "home/lab/lab.h"
#include "home/seed/user_document.h"
#include "store/backup_table.h"
#include "store/network_table.h"

#include <inttypes.h>
#include <string.h>

static void write_number(struct yaml_writer *writer, enum lab_key key, uint64_t number,
                         const char *unit) {
    scoped(alloc_release) char *text = alloc_printf("%" PRIu64 "%s", number, unit);
    yaml_writer_text_pair(writer, lab_keys[key].name, text);
}

static void write_text(struct yaml_writer *writer, enum lab_key key, const char *text) {
    if (text)
        yaml_writer_text_pair(writer, lab_keys[key].name, text);
}

static void write_list(struct yaml_writer *writer, enum lab_key key, const struct strv *list) {
    if (list->count)
        yaml_writer_list_pair(writer, lab_keys[key].name, (const char *const *)list->items);
}

static void write_hardware(struct yaml_writer *writer, const struct instance_facts *facts) {
    const struct store_instance *instance = &facts->instance;
    write_text(writer, LAB_IMAGE, instance->image);
    write_number(writer, LAB_VCPU, instance->vcpu, "");
    write_number(writer, LAB_RAM, instance->ram_mib, "M");
    write_number(writer, LAB_SIZE, instance->disk_bytes, "");
    write_text(writer, LAB_IP, instance->ip4);
    write_text(writer, LAB_ACCEL, instance->accel);
    if (instance->nested)
        yaml_writer_flag_pair(writer, lab_keys[LAB_NESTED].name, true);
    yaml_writer_flag_pair(writer, lab_keys[LAB_PACKAGE_UPGRADE].name, instance->package_upgrade);
    write_text(writer, LAB_SEED, store_seed_word(instance->seed));
    write_text(writer, LAB_HOST_KEYS, store_host_keys_word(instance->host_keys));
    if (instance->ssh_port && instance->ssh_port_given)
        write_number(writer, LAB_SSH_PORT, instance->ssh_port, "");
}

/* A script may carry data behind it, which no text of YAML holds. */
static bool check_text(const char *instance, enum seed_document document, const struct buffer *text,
                       struct error *error) {
    for (size_t at = 0, bytes; at < text->length; at += bytes) {
        bytes = text_form_character(text->data + at, text->length - at);
        if (!bytes || !text->data[at])
            return error_set(error, ERROR_INVALID,
                             "%s of %s is not text in UTF-8, which a lab file cannot hold: keep it "
                             "in a file beside the lab file, or back %s up",
                             seed_document_name(document), instance, instance);
    }
    return true;
}

static bool write_documents(struct home *home, const char *name, struct yaml_writer *writer,
                            struct error *error) {
    static const struct {
        enum lab_key key;
        enum seed_document document;
    } rows[] = {{LAB_USER_DATA, SEED_USER_DATA},
                {LAB_VENDOR_DATA, SEED_VENDOR_DATA},
                {LAB_NETWORK_CONFIG, SEED_NETWORK_CONFIG}};
    scoped(alloc_release) char *folder = home_instance_folder(home, name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scoped(buffer_done) struct buffer text = {0};
        if (!user_document_get(folder, rows[i].document, &text, error))
            return false;
        if (!text.length)
            continue;
        if (!check_text(name, rows[i].document, &text, error))
            return false;
        yaml_writer_plain(writer, lab_keys[rows[i].key].name);
        yaml_writer_lines(writer, text.data);
    }
    return true;
}

/* In seconds: as they were given is not known. */
static bool write_schedule(struct home *home, const struct store_instance *instance,
                           struct yaml_writer *writer, struct error *error) {
    struct store_backup backup = {0};
    if (!backup_table_get(home->store, instance->id, &backup, error))
        return false;
    if (instance->snapshot_every_s) {
        write_number(writer, LAB_SNAPSHOT_EVERY, instance->snapshot_every_s, "s");
        write_number(writer, LAB_SNAPSHOT_KEEP, instance->snapshot_keep, "");
    }
    if (backup.every_s) {
        write_text(writer, LAB_BACKUP_TO, backup.folder);
        write_number(writer, LAB_BACKUP_EVERY, backup.every_s, "s");
        write_number(writer, LAB_BACKUP_KEEP, backup.keep, "");
    }
    store_backup_done(&backup);
    return true;
}

static void write_startup(struct yaml_writer *writer, const struct store_instance *instance) {
    write_text(writer, LAB_RESTART, store_restart_word(instance->restart));
    if (!instance->after)
        yaml_writer_flag_pair(writer, lab_keys[LAB_AUTOSTART].name, instance->autostart);
    write_text(writer, LAB_AFTER, instance->after);
}

static void write_ansible(struct yaml_writer *writer, const struct store_instance *instance) {
    scoped(strv_done) struct strv groups = {0}, pairs = {0};
    host_groups_list(instance->groups, &groups);
    host_variables_list(instance->variables, &pairs);
    if (instance->holds_playbook)
        yaml_writer_flag_pair(writer, lab_keys[LAB_PROVISION].name, false);
    write_list(writer, LAB_GROUPS, &groups);
    if (pairs.count) {
        yaml_writer_plain(writer, lab_keys[LAB_VARS].name);
        yaml_writer_begin_map(writer);
        for (size_t i = 0; i + 1 < pairs.count; i += 2)
            yaml_writer_text_pair(writer, pairs.items[i], pairs.items[i + 1]);
        yaml_writer_end_map(writer);
    }
}

static void write_network_parts(struct yaml_writer *writer, const struct instance_facts *facts) {
    static const char *const none[] = {NULL}; /* not even that of the home */
    scoped(strv_done) struct strv nics = {0}, forwards = {0};
    for (size_t i = 0; i < facts->nics.count; i++)
        strv_take(&nics, nic_text(&facts->nics.items[i]));
    for (size_t i = 0; i < facts->forwards.count; i++)
        strv_take(&forwards, forward_text(&facts->forwards.items[i]));
    yaml_writer_list_pair(writer, lab_keys[LAB_NICS].name,
                          nics.count ? (const char *const *)nics.items : none);
    write_list(writer, LAB_FORWARDS, &forwards);
    if (!facts->disks.count)
        return;
    yaml_writer_plain(writer, lab_keys[LAB_DISKS].name);
    yaml_writer_begin_map(writer);
    for (size_t i = 0; i < facts->disks.count; i++) {
        scoped(alloc_release) char *size = alloc_printf("%" PRIu64, facts->disks.items[i].bytes);
        yaml_writer_text_pair(writer, facts->disks.items[i].name, size);
    }
    yaml_writer_end_map(writer);
}

static bool write_instance(struct home *home, const char *name, struct yaml_writer *writer,
                           struct error *error) {
    struct instance_facts facts = {0};
    bool good = instance_facts_load(home, name, &facts, error);
    if (good) {
        yaml_writer_text(writer, name);
        yaml_writer_begin_map(writer);
        write_hardware(writer, &facts);
        write_network_parts(writer, &facts);
        write_startup(writer, &facts.instance);
        write_ansible(writer, &facts.instance);
        good = write_schedule(home, &facts.instance, writer, error) &&
               write_documents(home, name, writer, error);
        yaml_writer_end_map(writer);
    }
    instance_facts_done(&facts);
    return good;
}

static void write_network(struct yaml_writer *writer, const struct store_network *network) {
    yaml_writer_text(writer, network->name);
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, lab_network_keys[LAB_NETWORK_SUBNET].name, network->subnet);
    yaml_writer_text_pair(writer, lab_network_keys[LAB_NETWORK_DOMAIN].name, network->domain);
    yaml_writer_text_pair(writer, lab_network_keys[LAB_NETWORK_KIND].name, network->kind);
    if (network->interface && strcmp(network->kind, "bridge") == 0)
        yaml_writer_text_pair(writer, lab_network_keys[LAB_NETWORK_HOST_IF].name,
                              network->interface);
    yaml_writer_end_map(writer);
}

static bool write_networks(struct home *home, struct yaml_writer *writer, struct error *error) {
    struct store_networks networks = {0};
    if (!network_table_list(home->store, &networks, error))
        return false;
    if (networks.count) {
        yaml_writer_plain(writer, "networks");
        yaml_writer_begin_map(writer);
        for (size_t i = 0; i < networks.count; i++)
            write_network(writer, &networks.items[i]);
        yaml_writer_end_map(writer);
    }
    store_networks_done(&networks);
    return true;
}

static bool write_instances(struct home *home, char *const *names, struct yaml_writer *writer,
                            struct error *error) {
    struct store_instances all = {0};
    bool good = names[0] || instance_table_list(home->store, &all, error);
    yaml_writer_plain(writer, "instances");
    yaml_writer_begin_map(writer);
    for (; good && *names; names++)
        good = write_instance(home, *names, writer, error);
    for (size_t i = 0; good && i < all.count; i++)
        good = write_instance(home, all.items[i].name, writer, error);
    yaml_writer_end_map(writer);
    store_instances_done(&all);
    return good;
}

bool lab_write(struct home *home, char *const *names, struct buffer *text, struct error *error) {
    struct yaml_writer writer;
    scoped(buffer_done) struct buffer written = {0};
    yaml_writer_begin(&writer, "# pgsup apply -f FILE makes a home like this one\n");
    yaml_writer_begin_map(&writer);
    bool good =
        write_networks(home, &writer, error) && write_instances(home, names, &writer, error);
    yaml_writer_end_map(&writer);
    good = yaml_writer_finish(&writer, "the lab file", &written, error) && good;
    if (good)
        buffer_append(text, written.data, written.length);
    return good;
}
