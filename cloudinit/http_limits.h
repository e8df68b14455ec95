/* What one HTTP request may hold. */
#pragma once

#define HTTP_TARGET_LIMIT_BYTES 1024u
#define HTTP_HEADER_LIMIT_BYTES 8192u  /* request line and all header fields */
#define HTTP_BODY_LIMIT_BYTES   16384u /* a phone-home has up to 1.6 kB (cc_phone_home) */
