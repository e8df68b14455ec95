/* What differs between the systems that pgsup runs on: one implementation per platform
 * (host_linux.c, host_darwin.c), the same header. Nothing else in the tree asks which system it is.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* When a process started, in a unit of the platform that only equality is asked of; 0 if there is
 * no such process, or only what is left of one that ended. With the pid it names one process for
 * ever (pids are reused). */
uint64_t host_process_start(pid_t pid);

/* Whether the process of this pid and start is still there; start 0: not known, the pid alone
 * tells. So it does when the process cannot be looked at now, because no file descriptor is left.
 */
bool host_process_lives(pid_t pid, uint64_t start);

/* The process and user at the other end of a connected Unix socket. */
bool host_peer(int fd, pid_t *pid, uid_t *user);

/* Who has a file open, for a sentence: "4711 (qemu-nbd), 4712 (cp)"; "" when nobody has or it may
 * not be looked at. At most HOST_FILE_USERS_LIMIT are named; caller frees. */
#define HOST_FILE_USERS_LIMIT 4u
char *host_file_users(const char *path);

/* QEMU accelerators worth trying here, best first, NULL-terminated: {"hvf", "tcg"} on macOS.
 * host_accelerator_works() asks the system whether one can be used right now. */
const char *const *host_accelerators(void);
bool host_accelerator_works(const char *accelerator);
const char *host_architecture(void); /* "aarch64" or "x86_64" */

/* Folders in which QEMU's firmware files are installed, NULL-terminated. */
const char *const *host_firmware_folders(void);

/* Kind of network that a host interface is bridged with: "vmnet-bridged" or "bridge". */
const char *host_bridged_network(void);
/* Whether only root's programs may use vmnet: on macOS before 26. */
bool host_vmnet_wants_root(void);
/* Names of the interfaces that exist, comma separated, for error messages; caller frees. */
char *host_interfaces(void);

/* Who this host has talked to on its IPv4 networks: its ARP table. Entries that led nowhere are
 * left out. The list is the caller's to free; no answer within HOST_NEIGHBOURS_PATIENCE_MS is
 * false. */
#define HOST_NEIGHBOURS_LIMIT       16384u
#define HOST_NEIGHBOURS_PATIENCE_MS 1000
struct host_neighbour {
    uint32_t ip4; /* host byte order */
    uint8_t mac[6];
    int64_t confirmed; /* seconds, counted from anywhere: only differences mean something */
};
bool host_neighbours(struct host_neighbour **list, size_t *count);

/* The words before a command that is to run while the computer does not go to sleep by itself:
 * {"caffeinate", "-i", NULL} on macOS. */
const char *const *host_keep_awake(void);

/* How much may still be written to the file system that holds path. */
bool host_free_space(const char *path, uint64_t *bytes);

const char *host_utf8_locale(void);  /* one that is always there: "C.UTF-8" */
const char *host_install_hint(void); /* "apt-get install" or "brew install" */
/* Package that holds a program: ("qemu-system-aarch64") -> "qemu-system-arm" or "qemu". */
const char *host_package_of(const char *program);

/* Copies a file, sharing blocks with the original where the file system can (clone, reflink). What
 * fails or is interrupted leaves no copy. */
bool host_copy_file(const char *from, const char *to, mode_t mode, struct error *error);
