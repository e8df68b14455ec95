/* The script that pgsup's vendor-data is for cloud-init ("#cloud-boothook"). Pure: text in, text
 * out. cloud-init runs it at every boot in its network stage, once the documents are read and
 * before their modules run; all but the recognition of a copy and the names of others is for the
 * first boot of an instance. It must never fail: that would be a warning of cloud-init.
 *
 * - A machine whose id is not from QEMU's -uuid gets that id: a clone, or one whose image has an
 * id.
 * - networkd identifies itself to DHCP servers by MAC, also where cloud-init knows no way to tell
 * it: in the files that it writes itself, and in those of the network before the seed is fetched.
 * - keep_cache: see document.h. A copy of the machine recognizes by the -uuid that the cache is not
 *   its own, before cloud-init reads it.
 * - report_url: see document.h. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct boothook {
    bool keep_cache;
    const char *report_url; /* NULL: no reports */
    const char *hosts;      /* see document.h */
    int64_t hosts_revision;
};

bool boothook_write(const struct boothook *boothook, struct buffer *text, struct error *error);
