/* What a launch needs of this computer, and that one which lacks it is refused. */
#include "host/firmware.h"
#include "plan_samples.h"

static void check_busy_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(instance.ssh_port)};
    char says[64];
    int yes = 1;
    snprintf(says, sizeof says, "port %u of 127.0.0.1", instance.ssh_port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    scoped(file_release) int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
    check_refused("test", ERROR_WRONG_STATE, says);
    check_refused("test", ERROR_WRONG_STATE, "--ssh-port");
}

TEST(refuses_what_cannot_start) {
    open_home("cannot", false);
    make(NULL, NULL);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "test");
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    scoped(alloc_release) char *image = home_file(&home, "images/base.qcow2");
    scoped(alloc_release) char *away = home_file(&home, "away");
    check_refused("ghost", ERROR_NOT_FOUND, "no instance \"ghost\"");
    check_busy_port();
    CHECK_INT(rename(image, away), 0);
    check_refused("test", ERROR_NOT_FOUND, "base.qcow2 is missing");
    CHECK_INT(rename(away, image), 0);
    CHECK_INT(rename(disk, away), 0);
    check_refused("test", ERROR_NOT_FOUND, "pgsup instance rebuild test");
    CHECK_INT(rename(away, disk), 0);
    prepare();
    close_home();
}

TEST(accelerators) {
    open_home("accel", false);
    struct error error = {0};
    bool native = strcmp(platform_architecture(), "aarch64") == 0;
    const char *fast = platform_accelerators()[0];
    make(NULL, NULL);
    setenv("PGSUP_ACCEL", "tcg", 1);
    prepare();
    CHECK_INT(plan.spec.accel, SPEC_TCG);
    setenv("PGSUP_ACCEL", fast, 1);
    if (!native)
        check_refused("test", ERROR_WRONG_STATE, "cannot run aarch64 guests");
    alloc_replace(&instance.accel, alloc_string("tcg")); /* goes before the variable */
    check_good(instance_table_update(home.store, &instance, &error), &error);
    prepare();
    CHECK_INT(plan.spec.accel, SPEC_TCG);
    unsetenv("PGSUP_ACCEL");
    close_home();
}

TEST(firmware) {
    struct error error = {0};
    scoped(alloc_release) char *firmware = firmware_find(SPEC_AARCH64, &error);
    CHECK_STRING(error.text, "");
    CHECK(firmware && firmware[0] == '/' && access(firmware, R_OK) == 0);
}

int main(void) {
    return test_run();
}
