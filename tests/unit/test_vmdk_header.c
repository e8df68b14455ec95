/* Disks in an archive, by their first bytes: one that would open other files is refused. */
#include "base/alloc.h"
#include "host/disk_slice.h"
#include "host/vmdk_header.h"
#include "scratch.h"
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

static void put_little(unsigned char *bytes, uint64_t value, size_t count) {
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
}

static void make_vmdk(unsigned char bytes[1024], uint64_t capacity, const char *descriptor) {
    memset(bytes, 0, 1024);
    memcpy(bytes, "KDMV", 4);
    put_little(bytes + 4, 3, 4);
    put_little(bytes + 12, capacity, 8);
    put_little(bytes + 28, 1, 8);
    put_little(bytes + 36, 1, 8);
    memcpy(bytes + 512, descriptor, strlen(descriptor));
}

TEST(disks_that_would_open_others_are_refused) {
    static const struct {
        const char *start, *descriptor, *says;
        uint64_t capacity;
    } rows[] = {
        {NULL, "parentCID=ffffffff\n", NULL, 2048},
        {NULL, "parentFileNameHint=\"/etc/shadow\"", "is only the difference to another disk",
         2048},
        {NULL, "RW 9 FLAT \"/etc/shadow\" 0", "does not say how large its disk is", 0},
        {NULL, "", "impossible numbers", UINT64_MAX},
        {NULL, "", "is a disk of more than 1 MiB", 4096},
        {"# Disk DescriptorFile\nRW 9 FLAT \"/etc/shadow\" 0", "", "is only the descriptor", 0},
        {"conectix", "", "is neither a VMDK nor a qcow2", 2048},
        {"QFI\xfb", "", "is not an intact qcow2 disk image", 2048},
    };
    scoped(alloc_release) char *path = scratch_path("disk");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char bytes[1024];
        char file[1200] = "before it";
        struct error error = {0};
        enum disk_slice_format format;
        make_vmdk(bytes, rows[i].capacity, rows[i].descriptor);
        if (rows[i].start)
            memcpy(bytes, rows[i].start, strlen(rows[i].start) + 1);
        memcpy(file + 100, bytes, sizeof bytes);
        scratch_write(path, file, sizeof file, 0600);
        const struct disk_slice slice = {path, "d.vmdk", 100, sizeof bytes};
        bool good = disk_slice_check(&slice, 1 << 20, &format, &error);
        CHECK(good == !rows[i].says);
        CHECK_CONTAINS(good ? "d.vmdk" : error.text, "d.vmdk");
        CHECK_CONTAINS(good ? "" : error.text, rows[i].says ? rows[i].says : "");
    }
}

int main(void) {
    return test_run();
}
