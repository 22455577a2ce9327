/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "ecma48.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In pieces whose sizes come from the input as well: the result must not depend on them. */
static void strip(const char *p, size_t n, size_t step, struct buf *out)
{
	struct ecma48 e = { 0 };

	for (size_t i = 0; i < n; i += step)
		ecma48_strip(&e, p + i, n - i < step ? n - i : step, out);
	ecma48_end(&e, out);
}

/* What a program may have written to its terminal: nothing of it may drive another one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf whole = BUF_INIT(1 << 24), pieces = BUF_INIT(1 << 24),
			       again = BUF_INIT(1 << 24);
	size_t step = size > 0 ? 1 + data[0] % 64 : 1;

	strip((const char *) data, size, size + 1, &whole);
	strip((const char *) data, size, step, &pieces);
	if (whole.len > size || whole.len != pieces.len ||
	    (whole.len && memcmp(whole.data, pieces.data, whole.len) != 0))
		abort();
	for (size_t i = 0; i < whole.len; i++) {
		unsigned char c = (unsigned char) whole.data[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			abort();
		if (i > 0 && (unsigned char) whole.data[i - 1] == 0xc2 && c >= 0x80 && c <= 0x9f)
			abort();
	}
	strip(buf_str(&whole), whole.len, whole.len + 1, &again);
	if (again.len != whole.len)
		abort();
	return 0;
}
