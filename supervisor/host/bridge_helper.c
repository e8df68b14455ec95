#include "host/bridge_helper.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/platform.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CONF_LIMIT_BYTES 65536u
#define CONF             "/etc/qemu/bridge.conf"
#define LOCAL            "/usr/local"

enum bridge_rule bridge_helper_rule(const char *text, const char *bridge) {
    enum bridge_rule rule = BRIDGE_NOT_NAMED;
    while (*text) {
        scoped(alloc_release) char *line = alloc_slice(text, strcspn(text, "\n"));
        char verb[16] = "", name[64] = "";
        text += strlen(line) + (text[strlen(line)] == '\n');
        if (sscanf(line, " %15s %63s", verb, name) != 2 || verb[0] == '#')
            continue;
        bool means = strcmp(name, "all") == 0 || strcmp(name, bridge) == 0;
        if (means && strcmp(verb, "deny") == 0)
            return BRIDGE_DENIED;
        if ((means && strcmp(verb, "allow") == 0) || strcmp(verb, "include") == 0)
            rule = BRIDGE_ALLOWED;
    }
    return rule;
}

/* A QEMU of one's own has its files below /usr/local. */
static const char *conf_of(const char *helper) {
    return strncmp(helper, LOCAL "/", strlen(LOCAL) + 1) == 0 ? LOCAL CONF : CONF;
}

/* One that only root can read is for the helper to judge. */
static enum bridge_rule read_rule(const char *conf, const char *bridge) {
    scoped(buffer_done) struct buffer text = {0};
    struct error none = {0};
    if (!file_read(conf, CONF_LIMIT_BYTES, &text, &none))
        return file_exists(conf) ? BRIDGE_ALLOWED : BRIDGE_NOT_NAMED;
    return bridge_helper_rule(text.data ? text.data : "", bridge);
}

static bool has_rights(const char *helper) {
    struct stat status;
    return stat(helper, &status) < 0 || (status.st_uid == 0 && (status.st_mode & S_ISUID)) ||
           platform_has_capabilities(helper);
}

bool bridge_helper_check(const char *helper, const char *bridge, bool by_root,
                         struct error *error) {
    const char *conf = conf_of(helper);
    bool rights = by_root || has_rights(helper);
    enum bridge_rule rule = read_rule(conf, bridge);
    if (rule == BRIDGE_DENIED)
        return error_set(error, ERROR_WRONG_STATE, "%s denies guests the bridge %s: change it",
                         conf, bridge);
    if (rights && rule == BRIDGE_ALLOWED)
        return true;
    scoped(alloc_release) char *suid =
        rights ? alloc_string("") : alloc_printf("`chmod u+s %s`", helper);
    scoped(alloc_release) char *allow =
        rule == BRIDGE_ALLOWED ? alloc_string("")
                               : alloc_printf("`mkdir -p %.*s; echo allow %s >>%s`",
                                              (int)(strrchr(conf, '/') - conf), conf, bridge, conf);
    return error_set(error, ERROR_WRONG_STATE,
                     "QEMU may not put guests into the bridge %s: root allows it once by %s%s%s",
                     bridge, suid, *suid && *allow ? " and " : "", allow);
}
