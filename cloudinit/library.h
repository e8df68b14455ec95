/* The versions of the libraries that this room uses. */
#pragma once

const char *library_yaml_version(void);
const char *library_llhttp_version(void); /* the one that it was compiled with */
const char *library_xcrypt_version(void); /* that too */
