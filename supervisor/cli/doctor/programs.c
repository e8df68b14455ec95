#include "cli/doctor/programs.h"

#include "base/alloc.h"
#include "home/images/fetch_program.h"
#include "host/firmware.h"
#include "host/program.h"

#include <stdlib.h>
#include <string.h>

#define OLDEST_MAJOR 7u
#define OLDEST_MINOR 2u

/* QEMU of each kind that the images need. */
void programs_qemu(const struct surroundings *surroundings, struct finding *finding) {
    const char *arch = spec_arch_word(surroundings->arch);
    scoped(alloc_release) char *wanted = alloc_printf("qemu-system-%s", arch);
    for (size_t i = 0; i < surroundings->images.count && surroundings->qemu; i++) {
        alloc_replace(&wanted, alloc_printf("qemu-system-%s", surroundings->images.items[i].arch));
        scoped(alloc_release) char *found = program_find(wanted, NULL);
        if (!found)
            break;
        if (i + 1 == surroundings->images.count)
            alloc_replace(&wanted, alloc_printf("qemu-system-%s", arch));
    }
    scoped(alloc_release) char *path = program_find(wanted, NULL);
    if (path) {
        finding_ok(finding, "%s", path);
        return;
    }
    finding_fail(finding, "%s is not installed, which runs the guests", wanted);
    finding_mend_package(finding, wanted);
}

void programs_qemu_version(const struct surroundings *surroundings, struct finding *finding) {
    const struct spec_qemu *qemu = &surroundings->qemu_facts;
    unsigned major = qemu->version.major, minor = qemu->version.minor;
    if (surroundings->qemu_problem) {
        finding_fail(finding, "%s: %s", surroundings->qemu, surroundings->qemu_problem);
        finding_mend_package(finding, strrchr(surroundings->qemu, '/') + 1);
    } else if (!spec_qemu_is_since(qemu, OLDEST_MAJOR, OLDEST_MINOR)) {
        finding_warn(finding, "QEMU %u.%u is older than %u.%u, the oldest one that is tested",
                     major, minor, OLDEST_MAJOR, OLDEST_MINOR);
        finding_mend_package(finding, strrchr(surroundings->qemu, '/') + 1);
    } else if (surroundings->macos && major == 11 && minor == 0) {
        finding_warn(finding, "QEMU 11.0 burns a processor for each idle guest on a Mac");
        finding_mend(finding, "brew", "upgrade", "qemu");
    } else {
        const char *sandbox =
            qemu->sandbox || surroundings->macos ? "" : "; built without its sandbox";
        const char *reconnect = spec_qemu_is_since(qemu, 8, 0) || !surroundings->macos
                                    ? ""
                                    : "; older than 8.0: no reconnect to socket_vmnet";
        finding_ok(finding, "QEMU %u.%u%s%s", major, minor, sandbox, reconnect);
    }
}

/* why: what does not work without it. */
static void look_for(struct finding *finding, const char *program, const char *why) {
    struct error error = {0};
    scoped(alloc_release) char *path = program_find(program, &error);
    if (path) {
        finding_ok(finding, "%s", path);
        return;
    }
    finding_fail(finding, "%s is not installed, which %s", program, why);
    finding_mend_package(finding, program);
}

void programs_qemu_img(const struct surroundings *surroundings, struct finding *finding) {
    (void)surroundings;
    look_for(finding, "qemu-img", "makes the disks");
}

void programs_firmware(const struct surroundings *surroundings, struct finding *finding) {
    scoped(alloc_release) char *path = firmware_find(surroundings->arch, NULL);
    const char *arch = spec_arch_word(surroundings->arch);
    if (path) {
        finding_ok(finding, "%s", path);
        return;
    }
    finding_fail(finding, "no UEFI firmware for %s guests is installed", arch);
    if (surroundings->macos)
        finding_mend(finding, "brew", "reinstall", "qemu");
    else
        finding_mend_by_root(finding, "apt-get", "install",
                             surroundings->arch == SPEC_AARCH64 ? "qemu-efi-aarch64" : "ovmf");
}

void programs_mtools(const struct surroundings *surroundings, struct finding *finding) {
    (void)surroundings;
    look_for(finding, "mformat", "makes the seed drives");
    if (finding->verdict == VERDICT_OK)
        look_for(finding, "mcopy", "fills the seed drives");
}

void programs_ssh(const struct surroundings *surroundings, struct finding *finding) {
    (void)surroundings;
    look_for(finding, "ssh", "logs in to the guests");
    if (finding->verdict == VERDICT_OK)
        look_for(finding, "ssh-keygen", "makes the guests' host keys");
}

void programs_fetch(const struct surroundings *surroundings, struct finding *finding) {
    struct error error = {0};
    (void)surroundings;
    scoped(alloc_release) char *path = fetch_program_find(&error);
    if (path)
        finding_ok(finding, "%s", path);
    else
        finding_warn(finding, "images cannot be downloaded: %s", error.text);
}

void programs_ansible(const struct surroundings *surroundings, struct finding *finding) {
    (void)surroundings;
    look_for(finding, "ansible-playbook", "provisions guests; nothing else needs it");
    if (finding->verdict == VERDICT_FAILURE)
        finding->verdict = VERDICT_WARNING;
}

void programs_nsupdate(const struct surroundings *surroundings, struct finding *finding) {
    if (surroundings->cloud.dns_server)
        look_for(finding, "nsupdate", "keeps the names of guests in the DNS server");
    else
        finding_ok(finding, "not needed: the cloud has no DNS server");
}
