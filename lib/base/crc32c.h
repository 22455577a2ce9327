/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CRC32C_H
#define KUKEON_CRC32C_H

#include "defs.h"

/*
 * CRC-32C (Castagnoli), for finding damage and nothing else. The sum of no bytes
 * is 0; a sum of more goes on from the one before.
 */
uint32_t crc32c_add(uint32_t crc, const void *p, size_t n);
/* The same without help from the processor. */
uint32_t crc32c_add_portable(uint32_t crc, const void *p, size_t n);
/* The same for n zeros, in the time of log n: the holes of sparse files. */
uint32_t crc32c_add_zeros(uint32_t crc, uint64_t n);

#endif
