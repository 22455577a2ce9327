/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "denied_log.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void count(void *ctx, const struct denied *d)
{
	(void) d;
	++*(size_t *) ctx;
}

/* What was read can be written, as one line, and read again. */
static void write_again(void *ctx, const struct denied *d)
{
	cleanup_buf struct buf line = BUF_INIT(1 << 20);
	size_t n = 0;

	++*(size_t *) ctx;
	must(strlen(d->cell) < DENIED_CELL_MAX && strlen(d->name) <= 4 * DENIED_NAME_MAX);
	denied_log_line(d, &line);
	must(!line.failed && line.len > 0);
	must(strchr(buf_str(&line), '\n') == buf_str(&line) + line.len - 1);
	must(denied_log_parse(buf_str(&line), line.len, count, &n) == line.len);
	must(n == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = 0;
	size_t used = denied_log_parse((const char *) data, size, write_again, &n);

	must(used <= size && (used == 0 || data[used - 1] == '\n'));
	return 0;
}
