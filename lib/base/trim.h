/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TRIM_H
#define KUKEON_TRIM_H

/*
 * Give memory back that a process which waits does not need: freed memory of the heap, and
 * the pages of its program and libraries that it only reads (MADV_DONTNEED of madvise(2)).
 * Those stay in the page cache, and come back when they are used.
 */
void trim_memory(void);

#endif
