#include "ansible.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "home/access/endpoint.h"
#include "home/access/host_groups.h"
#include "home/access/host_variables.h"
#include "home/access/known_hosts.h"
#include "home/access/ssh_config.h"
#include "home/access/ssh_identity.h"
#include "home/generated.h"
#include "home/layout.h"
#include "home/seed/host_keys.h"
#include "machine/core/vm_script.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAYBOOK_LIMIT_BYTES (1u << 20) /* of the home's template */

static const char deploy[] =
    "# Runs after the phone-home. You may edit it: pgsup keeps an edited file.\n"
    "- name: Deploy\n"
    "  hosts: all\n"
    "  roles:\n"
    "    - role: pgsup.playground.redirect_console\n";

static const char role_defaults[] =
    "# Where journald copies its messages to.\n"
    "redirect_console_enabled: true\n"
    "redirect_console_tty: >-\n"
    "  {{ '/dev/ttyS0' if ansible_facts['architecture'] == 'x86_64'\n"
    "  else '/dev/ttyAMA0' }}\n";

static const char role_tasks[] = "- name: Make the folder for journald's settings\n"
                                 "  ansible.builtin.file:\n"
                                 "    path: /etc/systemd/journald.conf.d\n"
                                 "    state: directory\n"
                                 "    owner: root\n"
                                 "    group: root\n"
                                 "    mode: \"0755\"\n"
                                 "- name: Forward the journal to the serial console\n"
                                 "  ansible.builtin.template:\n"
                                 "    src: 00-console-output.conf.j2\n"
                                 "    dest: /etc/systemd/journald.conf.d/00-console-output.conf\n"
                                 "    owner: root\n"
                                 "    group: root\n"
                                 "    mode: \"0644\"\n"
                                 "  notify: Restart journald\n";

static const char role_handlers[] = "- name: Restart journald\n"
                                    "  ansible.builtin.systemd:\n"
                                    "    name: systemd-journald\n"
                                    "    state: restarted\n"
                                    "    daemon_reload: true\n";

static const char role_template[] =
    "# Written by Ansible, role pgsup.playground.redirect_console\n"
    "[Journal]\n"
    "ForwardToConsole={{ 'yes' if redirect_console_enabled | bool else 'no' }}\n"
    "TTYPath={{ redirect_console_tty }}\n"
    "MaxLevelConsole=info\n";

static const char role_meta[] = "galaxy_info:\n"
                                "  author: pgsup\n"
                                "  description: Copies the journal to the serial console\n"
                                "  license: MIT\n"
                                "  min_ansible_version: \"2.10\"\n"
                                "dependencies: []\n";

#define COLLECTION "collections/ansible_collections/pgsup/playground/"
#define ROLE       COLLECTION "roles/redirect_console/"

static const char galaxy[] = "namespace: pgsup\n"
                             "name: playground\n"
                             "version: 1.0.0\n"
                             "readme: README.md\n"
                             "authors:\n"
                             "  - pgsup\n"
                             "license:\n"
                             "  - MIT\n";

/* The collection is shared by the instances of a home; an existing file is a person's. */
static bool write_collection(struct home *home, struct error *error) {
    static const struct {
        const char *path, *text;
    } files[] = {
        {COLLECTION "galaxy.yml", galaxy},
        {ROLE "defaults/main.yml", role_defaults},
        {ROLE "tasks/main.yml", role_tasks},
        {ROLE "handlers/main.yml", role_handlers},
        {ROLE "meta/main.yml", role_meta},
        {ROLE "templates/00-console-output.conf.j2", role_template},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        scoped(alloc_release) char *path = home_file(home, files[i].path);
        if (file_exists(path))
            continue;
        char *slash = strrchr(path, '/');
        *slash = 0;
        bool made = home_make_folder(home, path, error);
        *slash = '/';
        if (!made || !file_write(path, files[i].text, strlen(files[i].text), 0600, error))
            return false;
    }
    return true;
}

static bool is_written(const struct home *home, const struct store_instance *instance) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_INVENTORY, folder);
    return file_exists(path);
}

static bool write_text(struct generated *generated, const char *path, const struct buffer *text,
                       struct error *error) {
    const struct generated_file file = {path, text->data, text->length, 0600};
    return generated_write(generated, &file, error) != GENERATED_FAILED;
}

/* Keys are quoted: a legal name may be a number or a truth value to YAML. */
static void add_variables(const struct store_instance *instance, struct buffer *text) {
    scoped(strv_done) struct strv pairs = {0};
    host_variables_list(instance->variables, &pairs);
    for (size_t i = 0; i + 1 < pairs.count; i += 2) {
        scoped(alloc_release) char *value = host_variables_json(pairs.items[i + 1]);
        buffer_printf(text, "      \"%s\": %s\n", pairs.items[i], value);
    }
}

static void add_groups(const struct store_instance *instance, struct buffer *text) {
    scoped(strv_done) struct strv names = {0};
    host_groups_list(instance->groups, &names);
    buffer_puts(text, names.count ? "  children:\n" : "");
    for (size_t i = 0; i < names.count; i++)
        buffer_printf(text,
                      "    \"%s\":\n      hosts:\n        \"%s\":\n"
                      "    \"group_%s\":\n      hosts:\n        \"%s\":\n",
                      names.items[i], instance->name, names.items[i], instance->name);
}

static bool write_inventory(struct generated *generated, const struct endpoint *endpoint,
                            struct error *error) {
    struct buffer text = {0};
    buffer_printf(&text,
                  "all:\n"
                  "  vars:\n"
                  "    ansible_user: ansible\n"
                  "    ansible_become: true\n"
                  "    ansible_become_user: root\n"
                  "  hosts:\n"
                  "    \"%s\":\n"
                  "      ansible_host: %s\n"
                  "      ansible_port: %u\n",
                  generated->facts->instance.name, endpoint->address, endpoint->port);
    add_variables(&generated->facts->instance, &text);
    add_groups(&generated->facts->instance, &text);
    bool good = write_text(generated, LAYOUT_INVENTORY, &text, error);
    buffer_done(&text);
    return good;
}

char *ansible_ssh_arguments(struct home *home, const struct store_cloud *cloud,
                            const struct store_instance *instance, struct error *error) {
    struct buffer text = {0};
    scoped(strv_done) struct strv settings = {0};
    if (!ssh_config_settings(home, cloud, instance, &settings, error))
        return NULL;
    buffer_puts(&text, "-F /dev/null");
    for (size_t i = 0; i < settings.count; i++) {
        buffer_puts(&text, " -o ");
        vm_script_quote(settings.items[i], &text); /* Ansible splits it as a shell does */
    }
    return buffer_take(&text);
}

static bool write_configuration(struct generated *generated, struct error *error) {
    struct home *home = generated->home;
    const struct instance_facts *facts = generated->facts;
    scoped(alloc_release) char *key = ssh_identity_file(&facts->cloud);
    scoped(alloc_release) char *arguments =
        ansible_ssh_arguments(home, &facts->cloud, &facts->instance, error);
    if (!arguments)
        return false;
    scoped(alloc_release) char *collections = home_file(home, "collections");
    struct buffer text = {0};
    buffer_printf(&text,
                  "[defaults]\n"
                  "inventory = " LAYOUT_INVENTORY "\n"
                  "collections_path = %s:~/.ansible/collections:/usr/share/ansible/collections\n"
                  "roles_path = roles\n"
                  "host_key_checking = True\n"
                  "interpreter_python = auto_silent\n"
                  "retry_files_enabled = False\n"
                  "timeout = 60\n", /* an emulated guest takes longer than 10 s for one sudo */
                  collections);
    if (key)
        buffer_printf(&text, "private_key_file = %s\n", key);
    buffer_printf(&text, "\n[ssh_connection]\npipelining = True\nssh_common_args = %s\n",
                  arguments);
    bool good = write_text(generated, LAYOUT_ANSIBLE_CFG, &text, error);
    buffer_done(&text);
    return good;
}

/* Once: from then on it is the instance's, whatever becomes of the template. */
static bool write_playbook(struct generated *generated, struct error *error) {
    struct home *home = generated->home;
    const char *name = generated->facts->instance.name;
    scoped(alloc_release) char *template = home_file(home, LAYOUT_PLAYBOOK);
    scoped(alloc_release) char *path = layout_file(home, name, LAYOUT_PLAYBOOK);
    scoped(buffer_done) struct buffer text = {0};
    if (file_exists(path))
        return true;
    if (!file_exists(template))
        buffer_puts(&text, deploy);
    else if (!file_read(template, PLAYBOOK_LIMIT_BYTES, &text, error))
        return false;
    const struct generated_file playbook = {LAYOUT_PLAYBOOK, text.data ? text.data : "",
                                            text.length, 0600};
    return generated_write(generated, &playbook, error) != GENERATED_FAILED;
}

bool ansible_write(struct generated *generated, const struct endpoint *endpoint,
                   const char *host_keys, struct error *error) {
    struct home *home = generated->home;
    return known_hosts_write(home, &generated->facts->instance, endpoint, host_keys, error) &&
           write_collection(home, error) && write_inventory(generated, endpoint, error) &&
           write_configuration(generated, error) && write_playbook(generated, error);
}

bool ansible_refresh(struct generated *generated, struct error *error) {
    struct home *home = generated->home;
    const struct store_instance *instance = &generated->facts->instance;
    struct endpoint endpoint = {0};
    scoped(alloc_release) char *keys = known_hosts_keys(home, instance, error);
    if (!keys || !endpoint_find(home, instance, &endpoint, error))
        return false;
    if (*keys && endpoint.address[0] && is_written(home, instance))
        return ansible_write(generated, &endpoint, keys, error);
    return !host_keys_are_preseeded(instance) ||
           known_hosts_write(home, instance, &endpoint, keys, error);
}
