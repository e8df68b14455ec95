/* Who holds the lock on a folder that file_lock_folder() found taken, for a sentence. Blocking, but
 * short. */
#pragma once

#include "base/error.h"

/* ERROR_WRONG_STATE: "another process is working on WHAT: 4711 (pgsup); try again when it is done".
 * Whoever has the folder open is named, which who only looks into it has for a moment; nobody, when
 * it may not be looked at. Always false. */
bool lock_holder_report(const char *folder, const char *what, struct error *error);
/* By errno, why file_lock_folder() failed: as above; ERROR_NOT_FOUND: the folder is gone, which is
 * that of an instance or in one; ERROR_FAILED. Always false. */
bool lock_holder_explain(const char *folder, const char *what, struct error *error);
