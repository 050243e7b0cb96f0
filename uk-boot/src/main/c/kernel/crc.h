// CRC32C (Castagnoli; RFC 3720, appendix B.4).
#ifndef UK_CRC_H
#define UK_CRC_H

#include "base.h"

uint32_t crc32c(const void *bytes, size_t count);

#endif
