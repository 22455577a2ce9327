/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A frame that a cell sent. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame f = { .proto = 0 };

	if (!frame_read(data, size, &f))
		return 0;
	if (f.from.family != f.to.family || (f.to.family != 4 && f.to.family != 6))
		abort();
	return 0;
}
