#include "cli/doctor/mac.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "cli/doctor/mac_answers.h"
#include "home/running.h"
#include "host/firewall.h"
#include "host/firmware.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEASES_LIMIT_BYTES (1u << 20)
#define OLDEST             15u /* with Homebrew's QEMU */
#define NO_ROOT_SINCE      26u /* vmnet-helper */
#define ROOTS_HELPER       "/opt/vmnet-helper/bin/vmnet-helper"

static char *ask_system(const char *key) {
    const char *const words[] = {"sysctl", "-n", key, NULL};
    return surroundings_ask(words);
}

void mac_version(const struct surroundings *surroundings, struct finding *finding) {
    (void)surroundings;
    scoped(alloc_release) char *said = ask_system("kern.osproductversion");
    unsigned version = mac_answers_version(said);
    if (version == 0)
        finding_warn(finding, "sysctl does not tell the version of macOS");
    else if (version < OLDEST)
        finding_warn(
            finding,
            "macOS %u: Homebrew's QEMU has no hvf before macOS %u, and guests are emulated",
            version, OLDEST);
    else if (version < NO_ROOT_SINCE)
        finding_ok(finding, "macOS %u: networks by vmnet need root or socket_vmnet", version);
    else
        finding_ok(finding, "macOS %u: vmnet-helper needs no root", version);
}

static void judge_firewall(const char *program, const char *drops, struct finding *finding) {
    static const char tool[] = "/usr/libexec/ApplicationFirewall/socketfilterfw";
    enum firewall answer = firewall_ask(program);
    if (answer == FIREWALL_OFF || answer == FIREWALL_ALLOWS || answer == FIREWALL_UNKNOWN) {
        finding_ok(finding,
                   answer == FIREWALL_ALLOWS ? "the application firewall lets %s in"
                   : answer == FIREWALL_OFF  ? "the application firewall is off, for %s too"
                                             : "there is no application firewall to ask about %s",
                   program);
        return;
    }
    scoped(alloc_release) char *line =
        alloc_printf("%s --add '%s' && %s --unblockapp '%s'", tool, program, tool, program);
    finding_warn(finding, "the application firewall %s %s, so %s silently",
                 answer == FIREWALL_BLOCKS ? "blocks" : "does not know", program, drops);
    finding_mend_by_root(finding, "sh", "-c", line);
}

/* It goes by the real path, which changes with each upgrade by Homebrew. */
void mac_firewall(const struct surroundings *surroundings, struct finding *finding) {
    scoped(alloc_release) char *own = platform_program_path();
    (void)surroundings;
    judge_firewall(own ? own : "pgsup", "guests' phone-homes are dropped", finding);
}

void mac_bootpd(const struct surroundings *surroundings, struct finding *finding) {
    if (strcmp(surroundings->cloud.network, "user") == 0)
        finding_ok(finding, "not needed: QEMU leases addresses itself");
    else
        judge_firewall(FIREWALL_DHCP_SERVER, "guests get no address", finding);
}

void mac_local_network(const struct surroundings *surroundings, struct finding *finding) {
    const char *terminal = getenv("TERM_PROGRAM"), *job = getenv("XPC_SERVICE_NAME");
    (void)surroundings;
    if (mac_answers_is_exempt(geteuid() == 0 || getenv("SSH_CONNECTION"), terminal))
        finding_ok(finding, "what is started here is exempt from Local Network privacy");
    else if (job && *job && strcmp(job, "0") != 0 && !terminal)
        finding_warn(finding,
                     "this is a job of launchd (%s), which macOS may deny the way to "
                     "guests: use a daemon of the system, or allow it in System Settings, "
                     "Privacy & Security, Local Network",
                     job);
    else
        finding_warn(finding,
                     "macOS may deny %s the way to guests (\"no route to host\"): allow it in "
                     "System Settings, Privacy & Security, Local Network, or use Terminal",
                     terminal ? terminal : "this terminal");
}

void mac_protected_folder(const struct surroundings *surroundings, struct finding *finding) {
    const char *folder = mac_answers_protected(surroundings->home_path, getenv("HOME"));
    if (folder)
        finding_warn(finding,
                     "the home %s is in %s, where jobs of launchd may not open files: move it to "
                     "~/var/pgsup, or give pgsup Full Disk Access",
                     surroundings->home_path, folder);
    else
        finding_ok(finding, "the home is not in a folder that macOS protects");
}

void mac_leases(const struct surroundings *surroundings, struct finding *finding) {
    scoped(buffer_done) struct buffer text = {0};
    if (!file_read(surroundings->leases, LEASES_LIMIT_BYTES, &text, NULL)) {
        finding_ok(finding, "%s is not there: nobody has leased an address yet",
                   surroundings->leases);
        return;
    }
    size_t count = mac_answers_leases_by_identifier(text.data);
    if (count)
        finding_warn(finding,
                     "%zu lease%s in %s by an identifier, not by a MAC address: such guests get "
                     "another address when they are cloned, and need \"dhcp-identifier: mac\" in "
                     "their own network-config",
                     count, name_plural(count), surroundings->leases);
    else
        finding_ok(finding, "all leases are by MAC address");
}

/* UTM#3902, UTM#4639; tart#1289 */
void mac_bridging(const struct surroundings *surroundings, struct finding *finding) {
    const char *interface = surroundings->cloud.interface;
    const char *const show[] = {"ifconfig", interface, NULL};
    const char *const list[] = {"networksetup", "-listallhardwareports", NULL};
    if (!interface || interface[0] == '/') {
        finding_ok(finding, "the cloud bridges to no interface");
        return;
    }
    scoped(alloc_release) char *facts = surroundings_ask(show);
    scoped(alloc_release) char *ports = surroundings_ask(list);
    if (mac_answers_is_vlan(facts))
        finding_warn(finding,
                     "%s is a VLAN interface: guests may get frames with the tag left in, and no "
                     "address; use the untagged interface, vmnet-shared or socket",
                     interface);
    else if (mac_answers_is_wifi(ports, interface))
        finding_warn(finding, "%s is Wi-Fi, on which bridged guests often get no address",
                     interface);
    else
        finding_ok(finding, "%s is neither a VLAN nor Wi-Fi", interface);
}

/* Before macOS 26 vmnet-helper runs as root by a rule of sudo that its installer makes. */
void mac_helper_sudo(const struct surroundings *surroundings, struct finding *finding) {
    const char *const words[] = {"sudo", "-n", ROOTS_HELPER, "--version", NULL};
    scoped(alloc_release) char *version = ask_system("kern.osproductversion");
    bool used = surroundings_use_network(surroundings, SPEC_NET_VMNET_HELPER) ||
                surroundings_use_network(surroundings, SPEC_NET_VMNET_HELPER_HOST);
    if (!used || mac_answers_version(version) >= NO_ROOT_SINCE) {
        finding_ok(finding, "not needed: no network is by vmnet-helper under sudo");
        return;
    }
    scoped(alloc_release) char *said = surroundings_ask(words);
    if (said)
        finding_ok(finding, "sudo runs " ROOTS_HELPER " without a password");
    else
        finding_fail(finding, "sudo does not run " ROOTS_HELPER " without a password: install it "
                              "as https://github.com/nirs/vmnet-helper#installation says");
}

/* More processors of guests than fast ones: they slow each other down. */
void mac_processors(const struct surroundings *surroundings, struct finding *finding) {
    struct running_list running = {0};
    scoped(alloc_release) char *said = ask_system("hw.perflevel0.logicalcpu");
    uint64_t fast = said ? strtoull(said, NULL, 10) : 0, wanted = 0;
    running_look(surroundings->run, &running, NULL);
    for (size_t i = 0; i < running.count; i++)
        for (size_t k = 0; k < surroundings->instances.count; k++)
            if (strcmp(surroundings->instances.items[k].name, running.items[i].name) == 0)
                wanted += surroundings->instances.items[k].vcpu;
    running_list_done(&running);
    if (fast && wanted > fast)
        finding_warn(finding, "running guests have %llu processors, this Mac %llu fast one%s",
                     (unsigned long long)wanted, (unsigned long long)fast, name_plural(fast));
    else
        finding_ok(finding, "running guests have %llu processor%s", (unsigned long long)wanted,
                   name_plural(wanted));
}

/* NVIDIA/OpenShell#2924: firmware of another QEMU may stall. */
void mac_firmware_package(const struct surroundings *surroundings, struct finding *finding) {
    char real[PATH_MAX];
    scoped(alloc_release) char *firmware = firmware_find(surroundings->arch, NULL);
    const char *qemu = realpath(surroundings->qemu, real) ? real : surroundings->qemu;
    static const char *const prefixes[] = {"/opt/homebrew/", "/usr/local/", "/opt/local/"};
    for (size_t i = 0; firmware && i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);
        bool has = strncmp(firmware, prefixes[i], length) == 0;
        if (has == (strncmp(qemu, prefixes[i], length) == 0))
            continue;
        finding_warn(finding,
                     "QEMU (%s) and its firmware (%s) are of two packages, which may stall", qemu,
                     firmware);
        return;
    }
    finding_ok(finding, "QEMU and its firmware are of one package");
}
