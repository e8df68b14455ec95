#include "run_file.h"

#include "base/alloc.h"

#define RUN_FILE_ROW(name, kind) [name] = kind,
static const char *const kinds[] = {RUN_FILES(RUN_FILE_ROW)};
#undef RUN_FILE_ROW

const char *run_file_kind(enum run_file file) {
    return kinds[file];
}

char *run_file_path(const char *run, const char *name, const char *tag, enum run_file file) {
    return alloc_printf("%s/%s.%s.%s", run, name, tag, kinds[file]);
}
