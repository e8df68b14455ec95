/* Bytes from a guest's agent that may be anything, however they are cut; the first byte chooses the
 * cut (0: not at all). What is handed out does not depend on the cut, each command is answered at
 * most once, and every address that is taken is one. */
#include "base/buffer.h"
#include "base/name.h"
#include "qmp/qga.h"
#include "qmp/qga_addresses.h"

#include <stdlib.h>
#include <string.h>

static void require(bool condition) {
    if (!condition)
        abort();
}

static void note(struct buffer *trace, const struct qga_item *item) {
    struct qga_addresses addresses;
    uint32_t address;
    buffer_printf(trace, "%d %s;", (int)item->kind, item->text ? item->text : "");
    if (item->kind != QGA_ITEM_RETURN)
        return;
    qga_addresses_decode(item->value, "52:54:00:ab:cd:ef", &addresses);
    for (size_t i = 0; i < addresses.count; i++) {
        require(name_parse_ip4(addresses.items[i], &address));
        buffer_printf(trace, "%s;", addresses.items[i]);
    }
}

static void play(struct buffer *trace, const uint8_t *data, size_t size, size_t step) {
    struct qga *qga = qga_new(4711);
    struct qga_item item;
    bool ended = false, busy = false;
    for (size_t at = 0, length; at < size; at += length) {
        length = step && step < size - at ? step : size - at;
        qga_feed(qga, data + at, length);
        while (qga_next(qga, &item)) {
            require(!ended && (busy || item.kind == QGA_ITEM_READY || item.kind == QGA_ITEM_LOST));
            note(trace, &item);
            ended = item.kind == QGA_ITEM_LOST;
            busy = qga_send(qga, "guest-network-get-interfaces", NULL);
            require(busy != ended);
        }
    }
    qga_free(qga);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buffer whole = {0}, cut = {0};
    if (size == 0)
        return 0;
    play(&whole, data + 1, size - 1, 0);
    play(&cut, data + 1, size - 1, data[0] ? data[0] : 1);
    require(whole.length == cut.length &&
            (!whole.length || memcmp(whole.data, cut.data, whole.length) == 0));
    buffer_done(&whole);
    buffer_done(&cut);
    return 0;
}
