#include "base/alloc.h"
#include "cli/commands/table.h"
#include "cli/input/document_options.h"
#include "cli/input/image_choice.h"
#include "cli/invocation.h"
#include "cli/link/instance_report.h"
#include "home/change/create.h"
#include "home/instance/definition.h"
#include "home/instance/host_limits.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the instance and host name of its guest"},
    {"os", 0, "IMAGE",
     .help = "image that its disk is based on; default: the only one of the home, "
             "or " IMAGE_CHOICE_DEFAULT,
     .also = "image i"},
#include "cli/input/create_option_rows.h"
    INSTANCE_REPORT_OPTION,
    OPTIONS_END,
};

static bool read_packages(const struct invocation *invocation, enum instance_packages *packages,
                          struct error *error) {
    bool on = invocation_flag(invocation, "package-upgrade");
    bool off = invocation_flag(invocation, "no-package-upgrade");
    if (on && off)
        return error_set(error, ERROR_USAGE, "--no-package-upgrade excludes --package-upgrade");
    *packages = on    ? INSTANCE_PACKAGES_UPGRADE
                : off ? INSTANCE_PACKAGES_KEEP
                      : INSTANCE_PACKAGES_AS_CLOUD;
    return true;
}

static int run_instance_create(struct invocation *invocation, struct error *error) {
    const char *name = invocation_name(invocation, "instance", error);
    if (!name)
        return EXIT_FAILURE;
    scoped(alloc_release) char *image =
        image_choice_resolve(invocation->home, invocation_option(invocation, "os"), error);
    if (!image)
        return EXIT_FAILURE;
    struct user_documents own = {0};
    struct instance_create_options wanted = {
        .name = name,
        .own = &own,
        .image = image,
        .vcpu = invocation_option(invocation, "vcpu"),
        .ram = invocation_option(invocation, "ram"),
        .disk = invocation_option(invocation, "size"),
        .ip4 = invocation_option(invocation, "ip"),
        .ssh_port = invocation_option(invocation, "ssh-port"),
        .seed = invocation_option(invocation, "seed"),
        .forwards = invocation_values(invocation, "forward"),
        .nics = invocation_values(invocation, "nic"),
        .no_lab = invocation_flag(invocation, "no-lab"),
        .host_keys = invocation_option(invocation, "host-keys"),
        .accel = invocation_option(invocation, "accel"),
        .nested = invocation_flag(invocation, "nested"),
        .startup = {.restart = invocation_option(invocation, "restart"),
                    .after = invocation_option(invocation, "after"),
                    .autostart = invocation_flag(invocation, "autostart")
                                     ? STARTUP_AUTOSTART_ON
                                     : STARTUP_AUTOSTART_AS_IT_IS},
        .ansible = {.groups = invocation_values(invocation, "group"),
                    .variables = invocation_values(invocation, "var"),
                    .playbook = invocation_flag(invocation, "no-provision")
                                    ? ANSIBLE_PLAYBOOK_HELD
                                    : ANSIBLE_PLAYBOOK_RUNS},
    };
    struct store_instance created = {0};
    bool good = read_packages(invocation, &wanted.packages, error) &&
                document_options_read(invocation, &own, error) &&
                instance_create(invocation->home, &wanted, &created, error);
    user_documents_done(&own);
    if (!good)
        return EXIT_FAILURE;
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, created.name);
    printf("instance \"%s\" created in %s\n", created.name, folder);
    document_options_remark(invocation, &created);
    invocation_notes(host_limits_remarks(invocation->home, created.name));
    store_instance_done(&created);
    return EXIT_SUCCESS;
}

const struct command cmd_instance_create = {
    .path = "instance create",
    .brief = "create",
    .summary = "Define a virtual machine",
    .arguments = "[NAME]",
    .details = "Creates the instance's folder with its disk, its cloud-init documents and "
               "vm.sh, a script that boots it without pgsup. It does not start the instance: "
               "see `pgsup help start`.\n"
               "\n"
               "  pgsup instance create -n test --os debian-12 --ram 1024 -s 10G\n"
               "  pgsup instance create -n web --forward 8080:80 --nic bridge,if=br1\n"
               "  pgsup instance create -n db --ip 172.16.3.7 --seed both --user-data "
               "db.yaml\n"
               "  pgsup instance create -n web --group web,lab --var role=first",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_create,
    .report = instance_report_named,
};
