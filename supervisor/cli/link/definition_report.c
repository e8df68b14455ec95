#include "definition_report.h"

#include "base/alloc.h"
#include "cli/link/vm_command.h"
#include "cli/output/cloud_output.h"
#include "cli/output/image_output.h"
#include "cli/output/json_output.h"
#include "home/home.h"
#include "home/images/image.h"

/* One that makes the home has none open. */
static void report_cloud(struct home *home, struct error *error) {
    struct store_cloud cloud = {0};
    struct store_users users = {0};
    struct store_network lab = {0};
    if (cloud_table_get(home->store, &cloud, error) &&
        user_table_list(home->store, &users, error) &&
        network_table_get_lab(home->store, &lab, error))
        json_output_print(cloud_output_object(home, &cloud, &users, &lab));
    store_network_done(&lab);
    store_users_done(&users);
    store_cloud_done(&cloud);
}

void definition_report_cloud(struct invocation *invocation, struct error *error) {
    scoped(alloc_release) char *path = home_default_path(invocation->home_option);
    struct home home = {0};
    if (invocation->home)
        report_cloud(invocation->home, error);
    else if (home_open(path, &home, error))
        report_cloud(&home, error);
    home_close(&home);
}

static void report_image(struct home *home, const char *name, struct error *error) {
    struct store_image image = {0};
    json_t *object = image_table_get(home->store, name, &image, error)
                         ? image_output_whole(home, &image, error)
                         : NULL;
    if (object)
        json_output_print(object);
    store_image_done(&image);
}

void definition_report_image(struct invocation *invocation, struct error *error) {
    report_image(invocation->home, invocation_argument(invocation, 0), error);
}

void definition_report_image_named(struct invocation *invocation, struct error *error) {
    const char *name = invocation_option(invocation, "name");
    report_image(invocation->home, name ? name : invocation_argument(invocation, 0), error);
}

void definition_report_removed(struct invocation *invocation, struct error *error) {
    (void)error;
    vm_command_print_json(invocation_argument(invocation, 0), NULL, "removed");
}

void definition_report_done(struct invocation *invocation, struct error *error) {
    (void)error;
    (void)invocation;
    vm_command_print_json(NULL, NULL, "done");
}
