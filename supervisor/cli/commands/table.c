#include "table.h"

#define POINTER(name) &name,
const struct command *const table_commands[] = {TABLE_ROWS(POINTER) NULL};
