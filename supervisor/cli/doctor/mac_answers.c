#include "cli/doctor/mac_answers.h"

#include <stdlib.h>
#include <string.h>

bool mac_answers_may_use_hvf(const char *entitlements) {
    return entitlements && strstr(entitlements, "com.apple.security.hypervisor");
}

unsigned mac_answers_version(const char *version) {
    int number = version ? atoi(version) : 0;
    return number > 0 ? (unsigned)number : 0;
}

size_t mac_answers_leases_by_identifier(const char *leases) {
    static const char key[] = "hw_address=ff,";
    size_t count = 0;
    while (leases && (leases = strstr(leases, key))) {
        leases += strlen(key);
        count++;
    }
    return count;
}

static bool is_below(const char *path, const char *folder) {
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

const char *mac_answers_protected(const char *path, const char *user_folder) {
    static const char *const folders[] = {"~/Documents", "~/Desktop", "~/Downloads"};
    size_t length = user_folder ? strlen(user_folder) : 0;
    if (is_below(path, "/Volumes"))
        return "/Volumes";
    if (length == 0 || !is_below(path, user_folder))
        return NULL;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (is_below(path + length, folders[i] + 1))
            return folders[i];
    return NULL;
}

bool mac_answers_is_vlan(const char *ifconfig) {
    return ifconfig && strstr(ifconfig, "\tvlan: ");
}

/* "Hardware Port: Wi-Fi\nDevice: en0\n" */
bool mac_answers_is_wifi(const char *ports, const char *interface) {
    static const char head[] = "Hardware Port: Wi-Fi\nDevice: ";
    size_t length = strlen(interface);
    const char *found = ports ? strstr(ports, head) : NULL;
    if (!found)
        return false;
    found += strlen(head);
    return strncmp(found, interface, length) == 0 && strcspn(found, "\n") == length;
}

/* Apple's TN3179: root, daemons and Terminal with its children are exempt. */
bool mac_answers_is_exempt(bool remote, const char *terminal) {
    return remote || (terminal && strcmp(terminal, "Apple_Terminal") == 0);
}
