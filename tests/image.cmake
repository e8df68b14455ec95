pgsup_test(program SOURCES unit/test_program.c USES home)
pgsup_test(disk SOURCES unit/test_disk.c USES home)
pgsup_test(download SOURCES unit/test_download.c USES home)
pgsup_test(image SOURCES unit/test_image.c USES home)
