/* Stands in for QEMU where only its command line matters: writes its arguments to stdout, each
 * ended by a NUL byte. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++)
        if (fwrite(argv[i], strlen(argv[i]) + 1, 1, stdout) != 1)
            return 1;
    return fflush(stdout) != 0;
}
