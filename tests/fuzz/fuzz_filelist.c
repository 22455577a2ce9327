/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "filelist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A list that somebody may have written who has met hostile input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *begin = (const char *) data, *at = begin, *end = begin + size;
	struct filelist_entry e;

	while (filelist_next(&at, end, &e) > 0)
		if (at > end || e.path < begin || e.path + strlen(e.path) >= end ||
		    (e.target && e.target + strlen(e.target) >= end))
			abort();
	return 0;
}
