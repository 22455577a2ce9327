/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "defs.h"
#include "trim.h"

/* What is written to is the process's own, and would be lost. */
static int trim_object(struct dl_phdr_info *object, size_t size, void *ctx)
{
	uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);

	(void) size;
	(void) ctx;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &object->dlpi_phdr[i];
		uintptr_t begin = object->dlpi_addr + h->p_vaddr;
		uintptr_t end = begin + h->p_memsz;

		if (h->p_type != PT_LOAD || h->p_flags & PF_W)
			continue;
		begin &= ~(page - 1);
		end &= ~(page - 1); /* the last page may be shared with what follows */
		if (end > begin)
			(void) madvise((void *) begin, end - begin, MADV_DONTNEED);
	}
	return 0;
}

void trim_memory(void)
{
#ifdef __GLIBC__
	(void) malloc_trim(0);
#endif
	(void) dl_iterate_phdr(trim_object, NULL);
}
