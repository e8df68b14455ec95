#include "fetch/confine.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Landlock, linux/landlock.h; by number, because the headers of a distribution may be older than
 * its kernel, and no C library has wrappers. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif
#define ASK_FOR_VERSION  1u
#define RULE_PATH        1
#define ACCESS_READ_FILE (UINT64_C(1) << 2)
#define ACCESS_READ_DIR  (UINT64_C(1) << 3)
#define BIND_TCP         (UINT64_C(1) << 0)
#define CONNECT_TCP      (UINT64_C(1) << 1)
#define SCOPES           UINT64_C(3) /* abstract sockets, signals */

struct ruleset {
    uint64_t files, network, scopes;
};
struct path_rule {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

/* What each version of the kernel's interface added: how many kinds of access to files, and how
 * much of the structure it knows. */
static const struct {
    unsigned file_bits;
    size_t size;
} versions[] = {{13, 8}, {14, 8}, {15, 8}, {15, 16}, {16, 16}, {16, 24}};

/* Certificates, names of hosts, character sets, libraries that are loaded late. */
static const char *const readable[] = {
    "/etc", "/usr", "/lib", "/lib64", "/opt",
    "/nix", "/run", "/dev", "/proc",  "/var/lib/ca-certificates"};
static const char *const named[] = {"SSL_CERT_FILE", "SSL_CERT_DIR"};

static void allow_reading(int rules, const char *path) {
    int folder = path ? open(path, O_PATH | O_CLOEXEC) : -1;
    struct path_rule rule = {ACCESS_READ_FILE, folder};
    if (folder < 0)
        return;
    rule.allowed |= file_is_directory(path) ? ACCESS_READ_DIR : 0;
    syscall(SYS_landlock_add_rule, rules, RULE_PATH, &rule, 0);
    close(folder);
}

static void lock_land(bool network) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_FOR_VERSION);
    size_t known = sizeof versions / sizeof *versions;
    if (version < 1)
        return;
    size_t row = (size_t)version > known ? known - 1 : (size_t)version - 1;
    const struct ruleset ruleset = {
        .files = (UINT64_C(1) << versions[row].file_bits) - 1,
        .network = network ? BIND_TCP : BIND_TCP | CONNECT_TCP,
        .scopes = SCOPES,
    };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, versions[row].size, 0);
    if (rules < 0)
        return;
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++)
        allow_reading(rules, readable[i]);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        allow_reading(rules, getenv(named[i]));
    syscall(SYS_landlock_restrict_self, rules, 0);
    close(rules);
}

void confine(bool network) {
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    lock_land(network);
}
