/* An event that a guest posts. Whatever it holds, what comes out is short, ends, and may be shown.
 */
#include "cloudinit/report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition) {
    if (!condition)
        abort();
}

static void check_text(const char *text, size_t size) {
    require(memchr(text, 0, size) != NULL);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        require(*c >= 0x20 && *c != 0x7F && !(c[0] == 0xC2 && c[1] < 0xA0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct report report;
    struct error error = {0};
    bool good = report_parse((const char *)data, size, &report, &error);
    require(good == (error.text[0] == 0));
    require(!good || (size > 0 && size <= REPORT_LIMIT_BYTES));
    check_text(report.module, sizeof report.module);
    check_text(report.description, sizeof report.description);
    require(!report.module[0] || report_stage_name(report.stage) != NULL);
    require(strcspn(report.module, " /\"\\") == strlen(report.module));
    return 0;
}
