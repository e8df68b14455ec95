/* What the fake QEMU needs from QEMU's command line; it takes any other option without a look. */
#pragma once

#include <stdbool.h>

#define FAKE_CHARDEVS 8

struct fake_chardev {
    char *id, *path; /* path NULL: a listening descriptor was passed */
    int fd;          /* -1: none */
    bool control;    /* a QMP monitor */
};

struct fake_options {
    char *name, *uuid, *pid_file;
    bool stopped; /* -S */
    struct fake_chardev chardevs[FAKE_CHARDEVS];
    int chardev_count;
};

void fake_options_read(struct fake_options *options, char **argv);
/* The words after which QEMU prints something and ends; true: that was done. */
bool fake_options_help(char **argv);
void fake_options_done(struct fake_options *options);
