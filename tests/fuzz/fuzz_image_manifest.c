/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "oci_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No document is both a manifest and an index. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_oci_manifest struct oci_manifest m = { 0 };
	cleanup_oci_index struct oci_index i = { 0 };
	cleanup_image_config struct image_config c = { 0 };
	const char *text = (const char *) data;
	struct kerr err;

	if (oci_manifest_parse(text, size, &m, &err) == 0 &&
	    oci_index_parse(text, size, &i, &err) == 0)
		abort();
	(void) image_config_parse(text, size, &c, &err);
	(void) oci_kind(text, size, "", &err);
	return 0;
}
