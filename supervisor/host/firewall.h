/* macOS's application firewall, as its own program tells: whether a program may take connections.
 * Blocking. Elsewhere, where that program does not exist, nothing is known. */
#pragma once

#define FIREWALL_DHCP_SERVER "/usr/libexec/bootpd" /* that of guests on vmnet */

enum firewall {
    FIREWALL_UNKNOWN,
    FIREWALL_OFF,
    FIREWALL_ALLOWS,
    FIREWALL_BLOCKS,
    FIREWALL_ASKS, /* it is on and does not know the program: the connection is dropped, and a
                      person at the screen, if there is one, is asked */
};

/* program: absolute and without links, because the firewall goes by that. */
enum firewall firewall_ask(const char *program);

/* Pure. What `socketfilterfw --getglobalstate` and `--listapps` printed. Not --getappblocked, which
 * says "permitted" of programs that the firewall has never heard of. */
enum firewall firewall_read_state(const char *text); /* OFF, BLOCKS (all), or ASKS: it is on */
enum firewall firewall_read_apps(const char *text, const char *program);
