#include "home/images/image_foreign.h"

#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MAGIC_BYTES 24

#define CONVERT(format) "convert it to qcow2 with `qemu-img convert -f " format " -O qcow2`"
#define DECRYPT         "decrypt it first, with `qemu-img convert` or cryptsetup"
#define TAKE_OUT(tool)  "extract it with `" tool "` and import the disk that is in it"
#define WHOLE_DISK      "use an image of a whole disk, with a partition table"
#define ITSELF          "download the image itself"
#define FORCE           "; --force imports it as a raw disk"

/* Where a magic number stands: at an offset, or that far before the end. Sources: VMware's Virtual
 * Disk Format 5.0; VirtualBox's VDICore.h; [MS-VHDX] 2.2.1; the VHD specification 1.0 (footer);
 * QEMU's docs/interop/parallels.rst and qed_spec.txt; cryptsetup's LUKS1 and LUKS2
 * specifications; ECMA-119 8.1; PKWARE's APPNOTE 4.3.7; 7-Zip's 7zFormat.txt; Apple's UDIF trailer;
 * [FATGEN] 1.03; Linux's Documentation/arch/x86/boot.rst, its superblocks and mkswap(8); NTFS's and
 * exFAT's boot sectors, which are signed as a disk's are; [MS-XCA] and the manuals of the programs.
 */
static const struct {
    off_t offset; /* below 0: from the end */
    const char *magic;
    size_t length;
    struct image_foreign kind;
} rows[] = {
    {0, "KDMV", 4, {"a VMware disk (vmdk)", CONVERT("vmdk"), false}},
    {0, "COWD", 4, {"a VMware disk (vmdk)", CONVERT("vmdk"), false}},
    {0,
     "# Disk DescriptorFile",
     21,
     {"the description of a VMware disk (vmdk), whose data is in other files", CONVERT("vmdk"),
      false}},
    {64, "\x7f\x10\xda\xbe", 4, {"a VirtualBox disk (vdi)", CONVERT("vdi"), false}},
    {0, "vhdxfile", 8, {"a Hyper-V disk (vhdx)", CONVERT("vhdx"), false}},
    {0, "conectix", 8, {"a Virtual PC disk (vhd)", CONVERT("vpc"), false}},
    {-512, "conectix", 8, {"a Virtual PC disk of fixed size (vhd)", CONVERT("vpc") FORCE, true}},
    {0, "QED\0", 4, {"a QED disk", CONVERT("qed"), false}},
    {0, "WithoutFreeSpace", 16, {"a Parallels disk", CONVERT("parallels"), false}},
    {0, "WithouFreSpacExt", 16, {"a Parallels disk", CONVERT("parallels"), false}},
    {-512, "koly", 4, {"an Apple disk image (dmg)", CONVERT("dmg"), false}},
    {0, "LUKS\xba\xbe", 6, {"encrypted (LUKS)", DECRYPT, false}},
    {0, "PK\x03\x04", 4, {"a zip archive", TAKE_OUT("unzip"), false}},
    {0, "7z\xbc\xaf\x27\x1c", 6, {"a 7z archive", TAKE_OUT("7z x"), false}},
    {0, "Rar!\x1a\x07", 6, {"a rar archive", TAKE_OUT("unrar x"), false}},
    {0, "\x04\x22\x4d\x18", 4, {"compressed with lz4", "decompress it with `lz4 -d`", false}},
    {0, "LZIP", 4, {"compressed with lzip", "decompress it with `lzip -d`", false}},
    {0, "!<arch>\n", 8, {"an ar archive, such as a Debian package", "use a disk image", false}},
    {0, "hsqs", 4, {"a squashfs file system", "use an image of a whole disk", false}},
    {514, "HdrS", 4, {"a kernel of Linux", WHOLE_DISK FORCE, true}},
    {3, "NTFS    ", 8, {"an NTFS file system without a partition table", WHOLE_DISK FORCE, true}},
    {3, "EXFAT   ", 8, {"an exFAT file system without a partition table", WHOLE_DISK FORCE, true}},
    {3, "-FVE-FS-", 8, {"encrypted (BitLocker)", DECRYPT, false}},
    {1080,
     "\x53\xef",
     2,
     {"an ext4 file system without a partition table", WHOLE_DISK FORCE, true}},
    {0, "XFSB", 4, {"an XFS file system without a partition table", WHOLE_DISK FORCE, true}},
    {65600,
     "_BHRfS_M",
     8,
     {"a btrfs file system without a partition table", WHOLE_DISK FORCE, true}},
    {4086, "SWAPSPACE2", 10, {"swap space", WHOLE_DISK, false}},
    {512, "LABELONE", 8, {"a volume of LVM", WHOLE_DISK FORCE, true}},
    {0, "\x3a\xff\x26\xed", 4, {"an Android sparse image", "expand it with `simg2img`", false}},
    {0, "MSWIM\0\0", 7, {"a Windows installation image (wim)", WHOLE_DISK, false}},
    {0, "VMA\0", 4, {"a backup of Proxmox (vma)", TAKE_OUT("vma extract"), false}},
    {0, "MSCF", 4, {"a cab archive", TAKE_OUT("cabextract"), false}},
    {0, "070701", 6, {"a cpio archive, such as an initramfs", WHOLE_DISK, false}},
    {0, "\x5d\0\0", 3, {"compressed with lzma", "decompress it with `unlzma`", false}},
    {0, "\x1f\x9d", 2, {"compressed with compress", "decompress it with `uncompress`", false}},
    {0, "\x89LZO", 4, {"compressed with lzop", "decompress it with `lzop -d`", false}},
    {0,
     "\x7f"
     "ELF",
     4,
     {"a program (ELF)", "use a disk image", false}},
    {0, "Salted__", 8, {"encrypted (openssl)", "decrypt it first, with `openssl enc -d`", false}},
    {0,
     "-----BEGIN PGP",
     14,
     {"encrypted or signed (PGP)", "decrypt it first, with `gpg -d`", false}},
    {0,
     "version https://git-lfs",
     23,
     {"a pointer of Git LFS", ITSELF ", with `git lfs pull`", false}},
    {0, "d8:announce", 11, {"a torrent", ITSELF, false}},
    {0, "<?xml", 5, {"a text in XML, such as a server's error", ITSELF, false}},
    {0, "<!DOCTYPE", 9, {"a web page", "download the image itself", false}},
    {0, "<!doctype", 9, {"a web page", "download the image itself", false}},
    {0, "<html", 5, {"a web page", "download the image itself", false}},
    {32769,
     "CD001",
     5,
     {"an installation or live medium (ISO 9660)",
      "import a cloud image, which is already installed" FORCE, true}},
    {43, "CIDATA     ", 11, {"a seed drive for cloud-init", "use the image of a disk" FORCE, true}},
    {71, "CIDATA     ", 11, {"a seed drive for cloud-init", "use the image of a disk" FORCE, true}},
    {54,
     "FAT",
     3,
     {"a FAT file system without a partition table", "use the image of a disk" FORCE, true}},
    {82,
     "FAT32",
     5,
     {"a FAT file system without a partition table", "use the image of a disk" FORCE, true}},
};

const struct image_foreign *image_foreign_find(int fd) {
    off_t end = lseek(fd, 0, SEEK_END);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char bytes[MAGIC_BYTES];
        off_t at = rows[i].offset < 0 ? end + rows[i].offset : rows[i].offset;
        if (at >= 0 && pread(fd, bytes, rows[i].length, at) == (ssize_t)rows[i].length &&
            memcmp(bytes, rows[i].magic, rows[i].length) == 0)
            return &rows[i].kind;
    }
    return NULL;
}

bool image_foreign_refuse(const struct image_foreign *foreign, const char *shown,
                          struct error *error) {
    return error_set(error, ERROR_INVALID, "%s is %s: %s", shown, foreign->what, foreign->advice);
}
