/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "mem.h"
#include "ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A reference that parses is complete: normalising it again changes nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *in = xstrndup((const char *) data, size);
	cleanup_free char *once = NULL, *twice = NULL;
	struct kerr err;

	if (ref_normalise(in, &once, &err) < 0)
		return 0;
	if (ref_normalise(once, &twice, &err) < 0 || !streq(once, twice))
		abort();
	return 0;
}
