#include "run_file.h"

#include "base/alloc.h"

#define RUN_FILE_ROW(name, kind, for_owner) [name] = {kind, for_owner},
static const struct {
    const char *kind;
    bool for_owner;
} files[] = {RUN_FILES(RUN_FILE_ROW)};
#undef RUN_FILE_ROW

const char *run_file_kind(enum run_file file) {
    return files[file].kind;
}

bool run_file_is_for_owner(enum run_file file) {
    return files[file].for_owner;
}

char *run_file_path(const char *run, const char *name, const char *tag, enum run_file file) {
    return alloc_printf("%s/%s.%s.%s", run, name, tag, files[file].kind);
}
