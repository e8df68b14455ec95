/* The types of machines that a QEMU binary has, by QMP's query-machines. Blocking: about 40 ms,
 * once for each binary and process (or once for each thread that asks at the same time), for all
 * instances that start for the first time. Any thread. */
#pragma once

/* What an alias like "virt" stands for: "virt-7.2"; the alias itself where the binary calls a
 * machine so; NULL when it does not tell. program: an absolute path. Caller frees. */
char *machine_types_resolve(const char *program, const char *alias);
/* The same from what query-machines answered, one message of QMP a line. Pure. */
char *machine_types_find(const char *answers, const char *alias);
