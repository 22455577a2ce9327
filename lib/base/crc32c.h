/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CRC32C_H
#define KUKEON_CRC32C_H

#include "defs.h"

/*
 * CRC-32C (Castagnoli), to detect damage; no protection against tampering. Start with
 * crc 0; pass the result of one call to the next to checksum data in pieces.
 */
uint32_t crc32c_add(uint32_t crc, const void *p, size_t n);
/* The same in portable C, without processor instructions. */
uint32_t crc32c_add_portable(uint32_t crc, const void *p, size_t n);
/* The same for n zero bytes in O(log n), for the holes of sparse files. */
uint32_t crc32c_add_zeros(uint32_t crc, uint64_t n);

#endif
