/* Tells on stderr what a command waits for, from its second second on: one line of the terminal,
 * drawn again and removed; elsewhere a line each 10 s. */
#pragma once

void waiting_line_begin(void);
