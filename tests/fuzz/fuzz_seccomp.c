/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "emit_json.h"
#include "mem.h"
#include "seccomp_profile.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *emitted(const struct sysfilter_profile *p)
{
	struct buf text = BUF_INIT(16 << 20);
	struct jemit j;

	jemit_init(&j, &text, 0);
	seccomp_profile_emit(p, &j);
	return buf_take(&text);
}

/* A profile that was read says the same when it is written and read again, and compiles or not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_seccomp_profile struct seccomp_profile s = { 0 };
	cleanup_seccomp_profile struct seccomp_profile again = { 0 };
	cleanup_free char *once = NULL, *twice = NULL;
	cleanup_buf struct buf filter = BUF_INIT(1 << 20);
	struct kerr err;

	if (size > 8192 || seccomp_profile_parse((const char *) data, size, "file", &s, &err) < 0)
		return 0;
	once = emitted(&s.p);
	if (seccomp_profile_parse(once, strlen(once), "file", &again, &err) < 0)
		abort();
	twice = emitted(&again.p);
	if (!streq(once, twice))
		abort();
	(void) sysfilter_compile(&s.p, &filter, &err);
	return 0;
}
