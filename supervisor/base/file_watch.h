/* Tells that a file was written to: one implementation per platform (file_watch_linux.c,
 * file_watch_darwin.c). A hint only: who waits for it has an interval beside it, after which he
 * looks anyway. */
#pragma once

/* A descriptor that becomes readable when the file is written to, until file_watch_clear();
 * close-on-exec, caller owns. -1: there is no such file, or the system offers none. */
int file_watch_open(const char *path);
void file_watch_clear(int watch);
void file_watch_close(int watch);
