#include "platform.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/name.h"

#include <copyfile.h>
#include <errno.h>
#include <fcntl.h>
#include <libproc.h>
#include <mach-o/dyld.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/proc.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/ucred.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LISTED_FDS      1024 /* on the stack */
#define SPARE_FDS_BYTES ((int)(32 * sizeof(struct proc_fdinfo)))

uint64_t platform_process_start(pid_t pid) {
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid};
    struct kinfo_proc info;
    size_t length = sizeof info;
    if (sysctl(name, 4, &info, &length, NULL, 0) < 0 || length == 0)
        return 0;
    if (info.kp_proc.p_stat == SZOMB) /* ended, and its parent has yet to hear of it */
        return 0;
    struct timeval start = info.kp_proc.p_starttime;
    return (uint64_t)start.tv_sec * 1000000 + (uint64_t)start.tv_usec;
}

/* sysctl() needs no descriptor, so it can always look. */
bool platform_process_lives(pid_t pid, uint64_t start) {
    uint64_t now = platform_process_start(pid);
    return now != 0 && (now == start || start == 0);
}

/* kqueue(2); a queue is readable when an event is in it, and no child inherits it. Who may not
 * signal the process gets its end without its status. */
int platform_process_end_fd(pid_t pid) {
    static const uint32_t wanted[] = {NOTE_EXIT | NOTE_EXITSTATUS, NOTE_EXIT};
    int queue = kqueue();
    struct kevent watch;
    for (size_t i = 0; queue >= 0 && i < sizeof wanted / sizeof *wanted; i++) {
        EV_SET(&watch, (uintptr_t)pid, EVFILT_PROC, EV_ADD, wanted[i], 0, NULL);
        if (kevent(queue, &watch, 1, NULL, 0, NULL) == 0)
            return queue;
        if (errno != EACCES)
            break;
    }
    file_release(&queue);
    return -1;
}

bool platform_process_end_status(int fd, int *status) {
    static const struct timespec now = {0};
    struct kevent event;
    if (kevent(fd, NULL, 0, &event, 1, &now) != 1 || !(event.fflags & NOTE_EXITSTATUS))
        return false;
    *status = (int)event.data;
    return true;
}

bool platform_take_groups(const char *user, gid_t group) {
    return initgroups(user, (int)group) == 0;
}

bool platform_peer(int fd, pid_t *pid, uid_t *user) {
    struct xucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &credentials, &length) < 0)
        return false;
    *user = credentials.cr_uid;
    length = sizeof *pid;
    return getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, pid, &length) == 0;
}

/* Room for one that is opened between the two calls is left at the end. */
void platform_close_others(int keep) {
    int bytes = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, NULL, 0) + SPARE_FDS_BYTES;
    scoped(alloc_release) char *memory = alloc_zero((size_t)bytes);
    const struct proc_fdinfo *list = (const void *)memory;
    bytes = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, memory, bytes);
    for (size_t i = 0; bytes > 0 && i < (size_t)bytes / sizeof *list; i++)
        if (list[i].proc_fd > STDERR_FILENO && list[i].proc_fd != keep)
            close(list[i].proc_fd);
}

pid_t platform_fork(int end, void (*body)(void *context), void *context) {
    (void)end;
    pid_t pid = fork();
    if (pid == 0)
        body(context);
    return pid;
}

bool platform_forks_near(void) {
    return false;
}

/* A list that is full may not be all: then every one that may be open is taken. */
void platform_close_on_exec(int first) {
    struct proc_fdinfo list[LISTED_FDS];
    int bytes = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, list, (int)sizeof list);
    if (bytes <= 0 || bytes >= (int)sizeof list) {
        for (int fd = first, end = getdtablesize(); fd < end; fd++)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
        return;
    }
    for (size_t i = 0; i < (size_t)bytes / sizeof *list; i++)
        if (list[i].proc_fd >= first)
            fcntl(list[i].proc_fd, F_SETFD, FD_CLOEXEC);
}

char *platform_process_name(pid_t pid) {
    char name[64] = "";
    proc_name(pid, name, sizeof name);
    return name_printable(name, strlen(name), 32);
}

char *platform_file_users(const char *path) {
    struct buffer users = {0};
    pid_t pids[PLATFORM_FILE_USERS_LIMIT];
    int bytes = proc_listpidspath(PROC_ALL_PIDS, 0, path, 0, pids, (int)sizeof pids);
    for (size_t i = 0; bytes > 0 && i < (size_t)bytes / sizeof *pids; i++) {
        scoped(alloc_release) char *name = platform_process_name(pids[i]);
        buffer_printf(&users, "%s%ld (%s)", i ? ", " : "", (long)pids[i], name);
    }
    return buffer_take(&users);
}

const char *const *platform_accelerators(void) {
    static const char *const names[] = {"hvf", "tcg", NULL};
    return names;
}

bool platform_accelerator_works(const char *accelerator) {
    if (strcmp(accelerator, "hvf") == 0) {
        int supported = 0;
        size_t length = sizeof supported;
        return sysctlbyname("kern.hv_support", &supported, &length, NULL, 0) == 0 && supported;
    }
    return strcmp(accelerator, "tcg") == 0;
}

const char *platform_architecture(void) {
#if defined(__aarch64__)
    return "aarch64";
#else
    return "x86_64";
#endif
}

const char *const *platform_firmware_folders(void) {
    static const char *const folders[] = {"/opt/homebrew/share/qemu", "/usr/local/share/qemu",
                                          "/opt/local/share/qemu", NULL};
    return folders;
}

char *platform_program_path(void) {
    char path[MAXPATHLEN];
    uint32_t size = sizeof path;
    return _NSGetExecutablePath(path, &size) == 0 ? realpath(path, NULL) : NULL;
}

/* clock_gettime(3): both are of one source, and only the second one stands still in sleep. */
uint64_t platform_uptime_ms(void) {
    return clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW) / 1000000;
}

uint64_t platform_slept_ms(void) {
    uint64_t awake = platform_awake_ms();
    return platform_uptime_ms() - awake;
}

uint64_t platform_awake_ms(void) {
    return clock_gettime_nsec_np(CLOCK_UPTIME_RAW) / 1000000;
}

int64_t platform_modified_ms(const struct stat *status) {
    return (int64_t)status->st_mtimespec.tv_sec * 1000 + status->st_mtimespec.tv_nsec / 1000000;
}

int64_t platform_changed_ns(const struct stat *status) {
    return (int64_t)status->st_ctimespec.tv_sec * 1000000000 + status->st_ctimespec.tv_nsec;
}

const char *platform_no_route_cause(void) {
    return "the guest is not there, or macOS denies pgsup the local network, as it does to launchd "
           "agents and to terminals other than Terminal: allow it in System Settings, Privacy & "
           "Security, Local Network, or see `pgsup help mac`";
}

/* Apple: "Updating Mac Software". */
const char *platform_kill_cause(void) {
    return "; macOS kills a program whose file was overwritten while it ran: install it anew, by "
           "`brew reinstall qemu` or by mv, not by cp";
}

bool platform_is_macos(void) {
    return true;
}

/* "15.3.1" */
unsigned platform_macos_version(void) {
    char version[32] = "";
    size_t length = sizeof version - 1;
    if (sysctlbyname("kern.osproductversion", version, &length, NULL, 0) < 0)
        return 0;
    return (unsigned)strtoul(version, NULL, 10);
}

/* It counts bytes: net.local.dgram.recvspace. */
unsigned platform_datagram_queue(void) {
    return 0;
}

/* nirs/vmnet-helper, docs/sudo.md. */
bool platform_vmnet_wants_root(void) {
    return platform_macos_version() < 26;
}

char *platform_processor_name(void) {
    char name[128] = "";
    size_t length = sizeof name - 1;
    bool known = sysctlbyname("machdep.cpu.brand_string", name, &length, NULL, 0) == 0;
    return known ? alloc_string(name) : NULL;
}

char *platform_kvm_nested(void) {
    return NULL;
}

const char *platform_lease_file(void) {
    return "/var/db/dhcpd_leases";
}

bool platform_has_capabilities(const char *program) {
    (void)program;
    return false;
}

/* caffeinate(8): -i is against idle sleep, not against a closed lid. */
const char *const *platform_keep_awake(void) {
    static const char *const words[] = {"caffeinate", "-i", NULL};
    return words;
}

/* Not statvfs(), whose block counts have 32 bits here. */
bool platform_free_space(const char *path, uint64_t *bytes) {
    struct statfs disk;
    if (statfs(path, &disk) < 0)
        return false;
    *bytes = (uint64_t)disk.f_bavail * disk.f_bsize;
    return true;
}

void platform_share_heap(void) {
    /* macOS divides its heap by processors, not by threads. */
}

void platform_trim_heap(void) {
    /* macOS has free pages given back when memory is short. */
}

unsigned long platform_hardware_bits(void) {
    return ~0ul; /* each Mac with Apple silicon has them all */
}

bool platform_free_space_of(int fd, uint64_t *bytes) {
    struct statfs disk;
    if (fstatfs(fd, &disk) < 0)
        return false;
    *bytes = (uint64_t)disk.f_bavail * disk.f_bsize;
    return true;
}

/* ansible/ansible#31869 */
const char *const *platform_fork_environment(void) {
    static const char *const words[] = {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY=YES", NULL};
    return words;
}

/* Local Network privacy: Apple's TN3179. */
const char *platform_privileged_copy(const char *program) {
    return strcmp(program, "ssh") == 0 ? "/usr/bin/ssh" : NULL;
}

const char *platform_utf8_locale(void) {
    return "en_US.UTF-8";
}

const char *platform_install_hint(void) {
    return "brew install";
}

const char *platform_package_of(const char *program) {
    if (strncmp(program, "qemu-", 5) == 0)
        return "qemu";
    if (strcmp(program, "mcopy") == 0 || strcmp(program, "mformat") == 0)
        return "mtools";
    if (strcmp(program, "ansible-playbook") == 0)
        return "ansible";
    if (strcmp(program, "ssh") == 0 || strcmp(program, "ssh-keygen") == 0)
        return "openssh";
    if (strcmp(program, "nsupdate") == 0)
        return "bind";
    return program;
}

bool platform_copy_file(const char *from, const char *to, mode_t mode, struct error *error) {
    if (copyfile(from, to, NULL, COPYFILE_DATA | COPYFILE_CLONE_FORCE | COPYFILE_EXCL) < 0 &&
        copyfile(from, to, NULL, COPYFILE_DATA | COPYFILE_EXCL) < 0)
        return error_errno(error, "cannot copy %s to %s", from, to);
    bool good = (chmod(to, mode) == 0 || error_errno(error, "cannot set the mode of %s", to)) &&
                interrupt_check(error);
    if (!good)
        unlink(to);
    return good;
}

void platform_write_out(int fd, uint64_t from, size_t length) {
    (void)fd;
    (void)from;
    (void)length;
}
