# cmake -DFROM=FILE -DTO=FILE.c -DNAME=noun -DHEADER=room/noun.h -P embed.cmake: a file as a C array of its bytes,
# `const unsigned char NAME[]` and `const size_t NAME_bytes`, declared in HEADER.
file(READ ${FROM} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${TO} "#include \"${HEADER}\"\n\nconst unsigned char ${NAME}[] = {\n${bytes}};\n"
  "const size_t ${NAME}_bytes = sizeof ${NAME};\n")
