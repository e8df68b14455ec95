/* What a file is, told by its bytes. Not from public reports: found here, with files that qemu-img,
 * the mkfs programs and archivers made. */
#include "home/images/image_form.h"
#include "scratch.h"
#include "test.h"

#include <fcntl.h>

#define FILE_BYTES 81920

static const struct {
    off_t at; /* below 0: from the end */
    const char *magic;
    size_t length;
    const char *says;
    bool forced; /* --force takes it as a raw disk */
} files[] = {
    {0, "KDMV", 4, "a VMware disk (vmdk): convert it to qcow2 with `qemu-img convert -f vmdk",
     false},
    {64, "\x7f\x10\xda\xbe", 4, "a VirtualBox disk (vdi)", false},
    {0, "vhdxfile", 8, "a Hyper-V disk (vhdx)", false},
    {0, "conectix", 8, "a Virtual PC disk (vhd)", false},
    {-512, "conectix", 8, "a Virtual PC disk of fixed size (vhd)", true},
    {-512, "koly", 4, "an Apple disk image (dmg)", false},
    {0, "LUKS\xba\xbe", 6, "encrypted (LUKS)", false},
    {0, "PK\x03\x04", 4, "a zip archive: extract it with `unzip`", false},
    {0, "7z\xbc\xaf\x27\x1c", 6, "a 7z archive", false},
    {32769, "CD001", 5, "an installation or live medium (ISO 9660)", true},
    {43, "CIDATA     ", 11, "a seed drive for cloud-init", true},
    {54, "FAT16   ", 8, "a FAT file system", true},
    {0, "<!DOCTYPE html>", 15, "a web page", false},
    {514, "HdrS", 4, "a kernel of Linux", true},
    {3, "NTFS    ", 8, "an NTFS file system", true},
    {3, "EXFAT   ", 8, "an exFAT file system", true},
    {3, "-FVE-FS-", 8, "encrypted (BitLocker)", false},
    {1080, "\x53\xef", 2, "an ext4 file system without", true},
    {0, "XFSB", 4, "an XFS file system", true},
    {65600, "_BHRfS_M", 8, "a btrfs file system", true},
    {4086, "SWAPSPACE2", 10, "swap space", false},
    {512, "LABELONE", 8, "a volume of LVM", true},
    {0, "\x3a\xff\x26\xed", 4, "an Android sparse image", false},
    {0, "MSWIM\0\0", 7, "a Windows installation image", false},
    {0, "VMA\0", 4, "a backup of Proxmox", false},
    {0, "MSCF", 4, "a cab archive", false},
    {0, "070701", 6, "a cpio archive", false},
    {0, "\x5d\0\0", 3, "compressed with lzma", false},
    {0, "\x1f\x9d", 2, "compressed with compress", false},
    {0, "\x89LZO", 4, "compressed with lzop", false},
    {0,
     "\x7f"
     "ELF",
     4, "a program", false},
    {0, "Salted__", 8, "encrypted (openssl)", false},
    {0, "-----BEGIN PGP", 14, "encrypted or signed", false},
    {0, "version https://git-lfs", 23, "a pointer of Git LFS", false},
    {0, "d8:announce", 11, "a torrent", false},
    {0, "<?xml", 5, "a text in XML", false},
    {0, "QFI\xfb\0\0\0\3", 8, NULL, false},
    {100, "nothing known", 13, NULL, false}, /* but its boot sector is signed */
};

static bool find(const char *path, enum image_trust trust, enum image_form *form,
                 struct error *error) {
    *error = (struct error){0};
    return image_form_find(path, "FILE", trust, form, error);
}

/* Each has the signature of a boot sector, which must not decide. */
TEST(kinds_of_files) {
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        scoped(alloc_release) char *path = scratch_path("file");
        struct error error;
        enum image_form form;
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        off_t at = files[i].at < 0 ? FILE_BYTES + files[i].at : files[i].at;
        CHECK(fd >= 0 && ftruncate(fd, FILE_BYTES) == 0);
        CHECK(pwrite(fd, "\x55\xaa", 2, 510) == 2);
        CHECK(pwrite(fd, files[i].magic, files[i].length, at) == (ssize_t)files[i].length);
        close(fd);
        CHECK_INT(find(path, IMAGE_TRUST_NOTHING, &form, &error), files[i].says == NULL);
        if (files[i].says) {
            CHECK_INT(error.code, ERROR_INVALID);
            CHECK_CONTAINS(error.text, files[i].says);
            CHECK_INT(strstr(error.text, "--force") != NULL, files[i].forced);
            CHECK_INT(find(path, IMAGE_TRUST_RAW, &form, &error), files[i].forced);
        }
        unlink(path);
    }
}

int main(void) {
    return test_run();
}
