/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "detach_keys.h"
#include "mem.h"
#include "screen_modes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same bytes mean the same, in one piece and byte by byte. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *whole =
		xmemdup(size == 0 ? (const void *) "" : data, size + (size == 0));
	cleanup_free char *bytes = xmemdup(whole, size + (size == 0));
	struct detach_keys a = { .keys = { 0x1d, 0x1d }, .n = 2 }, b = a, parsed;
	struct screen_modes m = { 0 }, n = { 0 };
	char *text = xstrndup((const char *) data, size);
	bool one, many = false;

	one = detach_keys_feed(&a, whole, size);
	screen_modes_feed(&m, (const char *) data, size);
	for (size_t i = 0; i < size; i++) {
		many |= detach_keys_feed(&b, bytes + i, 1);
		screen_modes_feed(&n, (const char *) data + i, 1);
	}
	if (one != many || memcmp(whole, bytes, size) != 0 || m.on != n.on)
		abort();
	if (detach_keys_parse(text, &parsed, NULL) == 0)
		(void) detach_keys_feed(&parsed, bytes, size);
	free(text);
	return 0;
}
