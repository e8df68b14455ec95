#include "home/lab/lab_rehearsal.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "home/lab/lab_cloud.h"

#include <stdlib.h>
#include <unistd.h>

/* Not $TMPDIR: a home with a long path keeps its sockets elsewhere, which would stay. */
#define FOLDER "/tmp/pgsup-lab.XXXXXX"

bool lab_rehearse(const struct lab *lab, enum lab_prune prune, struct lab_plan *plan,
                  struct error *error) {
    char folder[] = FOLDER;
    struct home home = {0};
    struct error left = {0};
    interrupt_watch();
    if (!mkdtemp(folder))
        return error_errno(error, "cannot create a folder in /tmp");
    scoped(alloc_release) char *path = alloc_printf("%s/home", folder);
    bool good = lab_cloud_create(lab, path, error) && home_open(path, &home, error) &&
                lab_plan_make(&home, lab, prune, plan, error) && interrupt_check(error);
    home_close(&home);
    return (file_remove_tree(folder, &left) || !good || error_copy(error, &left)) && good;
}
