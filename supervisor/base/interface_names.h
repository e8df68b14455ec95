/* The network interfaces of this computer. */
#pragma once

/* Comma separated, for error messages; caller frees. */
char *interface_names(void);
