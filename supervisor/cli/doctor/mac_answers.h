/* What the answers of macOS's own tools and files mean. Pure; NULL is an answer that did not come.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

bool mac_answers_may_use_hvf(const char *entitlements); /* codesign -d --entitlements - */
unsigned mac_answers_version(const char *version);      /* "15.3.1": 15; 0: not known */
/* Leases by an identifier (ff,…), not by a MAC address, in bootpd's file. */
size_t mac_answers_leases_by_identifier(const char *leases);
/* A folder that jobs of launchd may not open: "~/Documents", "/Volumes"; NULL: it is none. */
const char *mac_answers_protected(const char *path, const char *user_folder);
/* From Local Network privacy. remote: root, or a login by ssh; terminal: $TERM_PROGRAM. */
bool mac_answers_is_exempt(bool remote, const char *terminal);
bool mac_answers_is_vlan(const char *ifconfig); /* "ifconfig vlan1" */
/* networksetup -listallhardwareports */
bool mac_answers_is_wifi(const char *ports, const char *interface);
