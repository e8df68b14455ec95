#include "platform.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/waiting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/fs.h>
#include <malloc.h>
#include <sanitizer/asan_interface.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* proc(5), /proc/PID/stat. False with errno 0: there is no such process, or only its zombie; with
 * another errno it could not be looked at. */
static bool look_at(pid_t pid, uint64_t *start) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    scoped(file_release) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (length < 0) {
        errno = errno == ENOENT || errno == ESRCH ? 0 : errno;
        return false;
    }
    text[length] = 0;
    /* The name in parentheses may hold anything, the fields after it may not; starttime is field
     * 22, counted from the state, field 3. */
    char *field = strrchr(text, ')');
    bool zombie = field && field[1] == ' ' && field[2] == 'Z';
    for (int number = 2; field && number < 22; number++)
        field = strchr(field + 1, ' ');
    errno = zombie ? 0 : EINVAL;
    *start = field && !zombie ? strtoull(field + 1, NULL, 10) : 0;
    return *start != 0;
}

uint64_t platform_process_start(pid_t pid) {
    uint64_t start = 0;
    return look_at(pid, &start) ? start : 0;
}

bool platform_process_lives(pid_t pid, uint64_t start) {
    uint64_t now = 0;
    if (look_at(pid, &now))
        return now == start || start == 0;
    return errno != 0 && kill(pid, 0) == 0;
}

/* pidfd_open(2), Linux 5.3; readable as soon as there is only a zombie. */
int platform_process_end_fd(pid_t pid) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

bool platform_peer(int fd, pid_t *pid, uid_t *user) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
        return false;
    *pid = peer.pid;
    *user = peer.uid;
    return true;
}

/* The pidfd of another's child does not tell (pidfd_open(2), waitid(2)). */
bool platform_process_end_status(int fd, int *status) {
    (void)fd, (void)status;
    return false;
}

bool platform_take_groups(const char *user, gid_t group) {
    return initgroups(user, group) == 0;
}

/* Before Linux 5.9 there is no close_range(2). */
static void close_span(unsigned first, unsigned last) {
    if (first > last || close_range(first, last, 0) == 0)
        return;
    for (unsigned fd = first, end = (unsigned)getdtablesize(); fd <= last && fd < end; fd++)
        close((int)fd);
}

void platform_close_others(int keep) {
    unsigned first = STDERR_FILENO + 1,
             kept = keep < STDERR_FILENO ? STDERR_FILENO : (unsigned)keep;
    close_span(first, kept - 1);
    close_span(kept + 1, ~0u);
}

struct near_child {
    int end, problem;
    void (*body)(void *context);
    void *context;
};

/* Until the first call this process and its child have one table of descriptors. */
static int begin_near_child(void *given) {
    struct near_child *child = given;
    if (close_range((unsigned)child->end, ~0u, CLOSE_RANGE_UNSHARE) == 0)
        child->body(child->context);
    child->problem = errno;
    _exit(1);
}

/* As vfork(2), but of the descriptors only those below `end` are copied for the child; to copy all
 * and to close them again at the exec takes as long as all else with thousands of them. -1:
 * close_range(2) is not there (Linux 5.9), or something keeps it away. */
static pid_t fork_near(int end, void (*body)(void *context), void *context) {
    _Alignas(16) char stack[64 << 10];
    struct near_child child = {.end = end, .body = body, .context = context};
    pid_t pid = clone(begin_near_child, stack + sizeof stack,
                      CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &child);
    ASAN_UNPOISON_MEMORY_REGION(stack, sizeof stack); /* the child's frames did not end */
    if (pid < 0 || !child.problem)
        return pid;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return -1;
}

/* The memory of a supervisor of a thousand VMs is not worth copying for an exec. */
pid_t platform_fork(int end, void (*body)(void *context), void *context) {
    pid_t pid = end < INT_MAX ? fork_near(end, body, context) : -1;
    if (pid < 0)
        pid = vfork();
    if (pid == 0)
        body(context);
    return pid;
}

bool platform_forks_near(void) {
    return true;
}

/* Before Linux 5.11 close_range(2) does not know this flag. */
void platform_close_on_exec(int first) {
    if (close_range((unsigned)first, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    for (int fd = first, end = getdtablesize(); fd < end; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* proc(5): /proc/PID/fd/N leads to the open file itself, under whatever name. */
static bool has_open(const char *process, const struct stat *file) {
    scoped(alloc_release) char *path = alloc_printf("/proc/%s/fd", process);
    DIR *list = opendir(path);
    struct stat each;
    bool found = false;
    for (struct dirent *entry; list && !found && (entry = readdir(list));)
        found = fstatat(dirfd(list), entry->d_name, &each, 0) == 0 && each.st_ino == file->st_ino &&
                each.st_dev == file->st_dev;
    if (list)
        closedir(list);
    return found;
}

char *platform_process_name(pid_t pid) {
    scoped(alloc_release) char *path = alloc_printf("/proc/%ld/comm", (long)pid);
    struct buffer name = {0};
    file_read(path, 64, &name, NULL);
    char *printable = name_printable(name.data, name.length ? name.length - 1 : 0, 32);
    buffer_done(&name);
    return printable;
}

char *platform_file_users(const char *path) {
    struct buffer users = {0};
    struct stat file;
    DIR *processes = stat(path, &file) == 0 ? opendir("/proc") : NULL;
    unsigned count = 0;
    for (struct dirent *entry;
         processes && count < PLATFORM_FILE_USERS_LIMIT && (entry = readdir(processes));) {
        if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name) ||
            !has_open(entry->d_name, &file))
            continue;
        scoped(alloc_release) char *name = platform_process_name((pid_t)atol(entry->d_name));
        buffer_printf(&users, "%s%s (%s)", count++ ? ", " : "", entry->d_name, name);
    }
    if (processes)
        closedir(processes);
    return buffer_take(&users);
}

const char *const *platform_accelerators(void) {
    static const char *const names[] = {"kvm", "tcg", NULL};
    return names;
}

bool platform_accelerator_works(const char *accelerator) {
    if (strcmp(accelerator, "kvm") == 0)
        return access("/dev/kvm", R_OK | W_OK) == 0;
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
    static const char *const folders[] = {"/usr/share/AAVMF",      "/usr/share/qemu-efi-aarch64",
                                          "/usr/share/OVMF",       "/usr/share/edk2/aarch64",
                                          "/usr/share/ovmf",       "/usr/share/edk2/ovmf",
                                          "/usr/share/edk2/x64",   "/usr/share/qemu",
                                          "/usr/local/share/qemu", NULL};
    return folders;
}

char *platform_program_path(void) {
    return realpath("/proc/self/exe", NULL);
}

static uint64_t clock_ms(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t platform_uptime_ms(void) {
    return clock_ms(CLOCK_BOOTTIME);
}

/* Read first, the clock that stands still cannot be ahead. */
uint64_t platform_slept_ms(void) {
    uint64_t awake = clock_ms(CLOCK_MONOTONIC);
    return platform_uptime_ms() - awake;
}

uint64_t platform_awake_ms(void) {
    return clock_ms(CLOCK_MONOTONIC_RAW);
}

int64_t platform_modified_ms(const struct stat *status) {
    return (int64_t)status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000;
}

int64_t platform_changed_ns(const struct stat *status) {
    return (int64_t)status->st_ctim.tv_sec * 1000000000 + status->st_ctim.tv_nsec;
}

const char *platform_no_route_cause(void) {
    return NULL;
}

const char *platform_kill_cause(void) {
    return "";
}

bool platform_is_macos(void) {
    return false;
}

unsigned platform_macos_version(void) {
    return 0;
}

char *platform_processor_name(void) {
    return NULL;
}

/* One of them is loaded at most. */
char *platform_kvm_nested(void) {
    static const char *const paths[] = {"/sys/module/kvm_intel/parameters/nested",
                                        "/sys/module/kvm_amd/parameters/nested",
                                        "/sys/module/kvm/parameters/nested"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct buffer text = {0};
        if (file_read(paths[i], 64, &text, NULL) && text.length)
            return buffer_take(&text);
        buffer_done(&text);
    }
    return NULL;
}

/* net.unix.max_dgram_qlen: unix(7). */
unsigned platform_datagram_queue(void) {
    scoped(buffer_done) struct buffer text = {0};
    return file_read("/proc/sys/net/unix/max_dgram_qlen", 64, &text, NULL) && text.length
               ? (unsigned)strtoul(text.data, NULL, 10)
               : 0;
}

bool platform_vmnet_wants_root(void) {
    return false;
}

const char *platform_lease_file(void) {
    return NULL;
}

bool platform_has_capabilities(const char *program) {
    return getxattr(program, "security.capability", NULL, 0) > 0;
}

/* systemd-inhibit(1); a desktop asks for "sleep" when it is idle, logind itself for "idle". */
const char *const *platform_keep_awake(void) {
    static const char *const words[] = {"systemd-inhibit", "--what=idle:sleep", "--who=pgsup",
                                        "--why=virtual machines run", NULL};
    return words;
}

bool platform_free_space(const char *path, uint64_t *bytes) {
    struct statvfs disk;
    if (statvfs(path, &disk) < 0)
        return false;
    *bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    return true;
}

const char *const *platform_fork_environment(void) {
    static const char *const words[] = {NULL};
    return words;
}

const char *platform_privileged_copy(const char *program) {
    (void)program;
    return NULL;
}

void platform_share_heap(void) {
#ifdef M_ARENA_MAX /* glibc's */
    mallopt(M_ARENA_MAX, 1);
#endif
}

void platform_trim_heap(void) {
#ifdef __GLIBC__ /* others give back by themselves, or cannot */
    malloc_trim(0);
#endif
}

unsigned long platform_hardware_bits(void) {
    return getauxval(AT_HWCAP);
}

bool platform_free_space_of(int fd, uint64_t *bytes) {
    struct statvfs disk;
    if (fstatvfs(fd, &disk) < 0)
        return false;
    *bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    return true;
}

const char *platform_utf8_locale(void) {
    return "C.UTF-8";
}

const char *platform_install_hint(void) {
    return "apt-get install";
}

const char *platform_package_of(const char *program) {
    static const struct {
        const char *program, *package;
    } table[] = {
        {"qemu-system-aarch64", "qemu-system-arm qemu-efi-aarch64"},
        {"qemu-system-x86_64", "qemu-system-x86 ovmf"},
        {"qemu-img", "qemu-utils"},
        {"mcopy", "mtools"},
        {"mformat", "mtools"},
        {"ansible-playbook", "ansible-core"},
        {"ssh", "openssh-client"},
        {"ssh-keygen", "openssh-client"},
        {"nsupdate", "bind9-dnsutils"},
        {"systemd-inhibit", "systemd"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].program, program) == 0)
            return table[i].package;
    return program;
}

#define COPY_PIECE_BYTES (64 << 20) /* between looks at whether it is still wanted */

static bool copy_bytes(int from, int to) {
    if (ioctl(to, FICLONE, from) == 0)
        return true;
    struct stat status;
    if (fstat(from, &status) < 0)
        return false;
    while (status.st_size > 0 && interrupt_check(NULL)) {
        size_t piece =
            status.st_size < COPY_PIECE_BYTES ? (size_t)status.st_size : COPY_PIECE_BYTES;
        ssize_t moved = copy_file_range(from, NULL, to, NULL, piece, 0);
        if (moved < 0 &&
            (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
            moved = sendfile(to, from, NULL, piece);
        if (moved < 0)
            return false;
        if (moved == 0)
            break;
        status.st_size -= moved;
        waiting_tick();
    }
    return true;
}

bool platform_copy_file(const char *from, const char *to, mode_t mode, struct error *error) {
    scoped(file_release) int source = open(from, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (source < 0)
        return error_errno(error, "cannot read %s", from);
    scoped(file_release) int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (target < 0)
        return error_errno(error, "cannot write %s", to);
    waiting_begin("copying", "");
    bool good = (fchmod(target, mode) == 0 && copy_bytes(source, target) && fsync(target) == 0) ||
                error_errno(error, "cannot copy %s to %s", from, to);
    waiting_end();
    good = good && interrupt_check(error);
    if (!good)
        unlink(to);
    return good;
}

void platform_write_out(int fd, uint64_t from, size_t length) {
    sync_file_range(fd, (off_t)from, (off_t)length, SYNC_FILE_RANGE_WRITE);
}
