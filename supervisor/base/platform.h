/* What differs between the systems that pgsup runs on: one implementation per platform
 * (platform_linux.c, platform_darwin.c), the same header. Nothing else in the tree asks which
 * system it is.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define PLATFORM_SOCKET_PATH_MAX 103 /* macOS: sun_path holds 104 bytes with the NUL */

/* The start time of a process in a unit of the platform, to be compared for equality only; 0: there
 * is no such process, or only a zombie. Pid and start identify a process for ever (pids are
 * reused).
 */
uint64_t platform_process_start(pid_t pid);

/* Whether the process with this pid and start still exists. The pid alone decides when start is 0
 * (not known), or when the process cannot be inspected because no file descriptor is left. */
bool platform_process_lives(pid_t pid, uint64_t start);

/* A descriptor that becomes readable when the process ends, child or not; close-on-exec, caller
 * owns. -1: the system offers none, no descriptor is left, or the process has ended; then the
 * caller polls. The caller checks afterwards that the pid still means the same process. */
int platform_process_end_fd(pid_t pid);

/* How the process of a readable descriptor ended, as waitpid() would say. False: the system tells
 * only its parent, or whom it lets signal it. */
bool platform_process_end_status(int fd, int *status);

/* The process and user at the other end of a connected Unix socket. */
bool platform_peer(int fd, pid_t *pid, uid_t *user);

/* Gives this process all groups of a user, with one of them as its own. Only for root. */
bool platform_take_groups(const char *user, gid_t group);

/* Closes every descriptor of this process above stderr but this one; -1: all. */
void platform_close_others(int keep);
/* From this one on no descriptor of this process outlives an exec. Safe after a fork of a process
 * with threads. */
void platform_close_on_exec(int first);

/* A child process for a program: runs body, which ends in an exec or in _exit(). It may share the
 * memory of this process until then, whose calling thread waits: body changes none of it but its
 * own stack and errno. The caller has blocked all signals. The child may lack the descriptors from
 * `end` on, which a process with thousands of them need then not copy for it. -1: errno. */
pid_t platform_fork(int end, void (*body)(void *context), void *context);
bool platform_forks_near(void); /* `end` makes a difference */

/* The name of a process that can be seen, printable; "": it cannot. Caller frees. */
char *platform_process_name(pid_t pid);

/* Who has a file open, for a sentence: "4711 (qemu-nbd), 4712 (cp)"; "" when nobody has or it may
 * not be looked at. At most PLATFORM_FILE_USERS_LIMIT are named; caller frees. */
#define PLATFORM_FILE_USERS_LIMIT 4u
char *platform_file_users(const char *path);

/* QEMU accelerators worth trying here, best first, NULL-terminated: {"hvf", "tcg"} on macOS.
 * platform_accelerator_works() asks the system whether one can be used right now. */
const char *const *platform_accelerators(void);
bool platform_accelerator_works(const char *accelerator);
const char *platform_architecture(void); /* "aarch64" or "x86_64" */

/* Folders in which QEMU's firmware files are installed, NULL-terminated. */
const char *const *platform_firmware_folders(void);

/* The running program, real and absolute; NULL: not known. Caller frees. */
char *platform_program_path(void);

/* Since the computer was started, the time that it slept included. */
uint64_t platform_uptime_ms(void);
/* Of that, the time that it has slept: only differences mean something. */
uint64_t platform_slept_ms(void);
/* A clock that stands still while the computer sleeps, which that of timers does not on macOS. */
uint64_t platform_awake_ms(void);
/* When the content of the file was last modified. */
int64_t platform_modified_ms(const struct stat *status);
/* When anything of it last was, this time included: nobody sets it. */
int64_t platform_changed_ns(const struct stat *status);

/* What may be the cause when there is no route to a guest. NULL: it is usual while a guest boots.
 */
const char *platform_no_route_cause(void);

/* What may have killed a program that said nothing, to append to a sentence; "". */
const char *platform_kill_cause(void);

bool platform_is_macos(void);
unsigned platform_macos_version(void); /* 15; 0: another system, or not known */
/* "Apple M3 Pro"; NULL: not known. Caller frees. */
char *platform_processor_name(void);
/* "Y\n" or "1\n": KVM offers nested virtualisation; NULL: it does not say. Caller frees. */
char *platform_kvm_nested(void);
/* How many datagrams wait for a socket of the local domain that is not read; 0: not known. */
unsigned platform_datagram_queue(void);
/* vmnet fails for a while after the start of macOS, until its service is there
 * (lima-vm/lima#5074): a failure within this time may not be the last word. */
#define PLATFORM_VMNET_EARLY_MS 600000
/* Whether only root's programs may use vmnet: on macOS before 26. */
bool platform_vmnet_wants_root(void);
/* A program gets rights beyond its user's, by file capabilities (capabilities(7)). */
bool platform_has_capabilities(const char *program);
/* Of the DHCP server that macOS runs for guests on vmnet: home/names/lease.h. NULL: there is none.
 */
const char *platform_lease_file(void);

/* The words before a command that is to run while the computer does not go to sleep by itself:
 * {"caffeinate", "-i", NULL} on macOS. */
const char *const *platform_keep_awake(void);

/* How much may still be written to the file system that holds path. */
bool platform_free_space(const char *path, uint64_t *bytes);
bool platform_free_space_of(int fd, uint64_t *bytes); /* of an open file's */

/* From now on all threads allocate from one heap, as each one's own would keep what it frees. To be
 * called before there are others. */
void platform_share_heap(void);

/* Gives back what of the heap is free, also between what is in use. */
void platform_trim_heap(void);

/* What an ARM processor has, as Linux's AT_HWCAP. */
unsigned long platform_hardware_bits(void);

/* What programs that fork without exec, such as Ansible, need in their environment,
 * NULL-terminated.
 */
const char *const *platform_fork_environment(void);
/* The system's own copy of a program, where that has rights that another copy lacks; NULL: none.
 * macOS lets /usr/bin/ssh reach guests from jobs and terminals to which it denies the local
 * network.
 */
const char *platform_privileged_copy(const char *program);
const char *platform_utf8_locale(void);  /* one that is always there: "C.UTF-8" */
const char *platform_install_hint(void); /* "apt-get install" or "brew install" */
/* Package that holds a program: ("qemu-system-aarch64") -> "qemu-system-arm" or "qemu". */
const char *platform_package_of(const char *program);

/* Copies a file, sharing blocks with the original where the file system can (clone, reflink). What
 * fails or is interrupted leaves no copy. */
bool platform_copy_file(const char *from, const char *to, mode_t mode, struct error *error);

/* Begins to write this part of a file to the disk, where the system can; nothing is promised. */
void platform_write_out(int fd, uint64_t from, size_t length);
