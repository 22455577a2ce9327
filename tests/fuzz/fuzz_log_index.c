/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fd.h"
#include "log_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An index of any bytes beside a log whose size the first two of them say. */
static void check(struct log_index *x, uint64_t pos, uint64_t size)
{
	struct log_span s, sought;

	for (; pos < size; pos = s.end) {
		s = log_index_at(x, pos);
		if (s.end <= pos || (s.mark.us == 0) != (s.mark.stream == 0) ||
		    s.mark.us >= 253402300800000000ULL)
			abort();
		sought = log_index_at(x, pos);
		if (sought.end != s.end || sought.mark.us != s.mark.us)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_fd int log = memfd_create("log", MFD_CLOEXEC);
	cleanup_fd int idx = memfd_create("idx", MFD_CLOEXEC);
	struct log_index x;
	uint64_t n;

	if (size < 2)
		return 0;
	n = (uint64_t) data[0] << 8 | data[1];
	if (log < 0 || idx < 0 || ftruncate(log, (off_t) n) < 0 ||
	    fd_write_all(idx, data + 2, size - 2) < 0)
		abort();
	log_index_init(&x, idx, log);
	check(&x, 0, n);
	for (uint64_t pos = 0; pos < n; pos += 1 + n / 8) {
		log_index_seek(&x, pos);
		check(&x, pos, n);
	}
	return 0;
}
