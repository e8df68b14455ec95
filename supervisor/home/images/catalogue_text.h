/* images.yaml, compiled in: scripts/cmake/embed.cmake makes the .c file from it. */
#pragma once

#include <stddef.h>

extern const unsigned char catalogue_text[];
extern const size_t catalogue_text_bytes;
