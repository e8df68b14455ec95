/* PATH/hosts, in the format of hosts(5): "172.16.3.5 test", and with a DNS zone "172.16.3.5 test
 * test.lab.example.org". Instances whose address is not known are not in it; when none is, there is
 * no such file. Written anew by whatever changes an address or a name. */
#pragma once

#include "base/error.h"
#include "home/home.h"

/* Writes atomically, and only when the text differs. */
bool hosts_write(struct home *home, struct error *error);
