/* The manifest of a backup, from anybody: read to its end or refused by a sentence; and what is
 * read is read again as it was. */
#include "base/alloc.h"
#include "home/backup/backup_manifest.h"
#include "home/backup/backup_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct backup_manifest manifest, again;
    struct error error = {0}, none = {0};
    if (!backup_reader_decode((const char *)data, size, &manifest, &error)) {
        if (error.code != ERROR_INVALID || !*error.text)
            abort();
        return 0;
    }
    scoped(alloc_release) char *text = backup_manifest_encode(&manifest);
    if (!backup_reader_decode(text, strlen(text), &again, &none))
        abort();
    backup_manifest_done(&again);
    backup_manifest_done(&manifest);
    return 0;
}
