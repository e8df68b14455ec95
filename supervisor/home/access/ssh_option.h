/* Options of ssh(1) that hold a path: what ssh's own reader of option values would take apart
 * (blanks, quotes) or expand (%) is escaped for it. Pure. */
#pragma once

/* ("UserKnownHostsFile", "/a b/known_hosts") -> UserKnownHostsFile="/a b/known_hosts"; for one word
 * behind -o. Caller frees. */
char *ssh_option_path(const char *key, const char *path);
