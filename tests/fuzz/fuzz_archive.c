/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bundle.h"
#include "fd.h"
#include "oci_manifest.h"
#include "tarscan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The loader as far as it goes without a store: every entry lies inside the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "oci-layout", "index.json", "manifest.json" };
	cleanup_fd int fd = memfd_create("archive", MFD_CLOEXEC);
	cleanup_(bundle_freep) struct bundle *b = NULL;
	struct layer_source src;
	struct kerr err;
	size_t i;

	if (fd < 0 || fd_write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	if (bundle_open_fd(NULL, fd, &b, &err) < 0)
		return 0;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_buf struct buf text = BUF_INIT(IMAGE_MAX_MANIFEST);

		if (bundle_find(b, names[i], &src, &err) == 0 &&
		    (src.offset < 0 || src.size < 0 || src.offset > (int64_t) size))
			abort();
		(void) bundle_read(b, names[i], IMAGE_MAX_MANIFEST, &text, &err);
	}
	return 0;
}
