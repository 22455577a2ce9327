/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "cni_conf.h"
#include "cni_result.h"
#include "jval.h"
#include "jwalk.h"
#include "mem.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What a plugin is given is JSON, with the result before it as that was printed. */
static void check_requests(const struct cni_conf *c, const char *result)
{
	static const struct cni_arg arg = { "portMappings", "[]" };
	struct cni_request rq = { .prev_result = result, .args = &arg, .n_args = 1 };

	for (size_t i = 0; i < c->n; i++) {
		cleanup_buf struct buf out = BUF_INIT(CNI_REQUEST_MAX);
		cleanup_jval struct jval *v = NULL;
		const char *p = NULL;
		size_t n = 0;

		cni_conf_request(c, i, &rq, &out);
		must(!out.failed && jwalk_get(buf_str(&out), out.len, "name", &p, &n) == 0);
		must(n == strlen(c->name) + 2 && memcmp(p + 1, c->name, n - 2) == 0);
		if (result)
			must(jwalk_get(buf_str(&out), out.len, "prevResult", &p, &n) == 0 &&
			     n <= strlen(result));
		/* One level deeper than what was read. */
		if (jval_read(buf_str(&out), out.len, "request", &v, NULL) < 0)
			continue;
		must(streq_null(jval_str(jval_get(v, "name")), c->name));
		must(jval_is_null(jval_get(v, "capabilities")));
	}
}

static void check_result(const char *text, size_t size)
{
	static const char plain[] = "{\"name\":\"n\",\"cniVersion\":\"1.0.0\",\"type\":\"t\"}";
	cleanup_cni_result struct cni_result r = { 0 }, again = { 0 };
	cleanup_cni_conf struct cni_conf c = { 0 };
	struct kerr err;

	if (cni_result_read(text, size, CNI_0_4_0, &r, &err) < 0)
		return;
	must(!r.addr || r.has_address);
	must(cni_result_read(r.text, strlen(r.text), CNI_0_4_0, &again, &err) == 0);
	must(r.addr == again.addr && strlist_eq(&r.devices, &again.devices));
	must(cni_conf_read(plain, sizeof(plain) - 1, "plain", &c, &err) == 0);
	check_requests(&c, r.text);
}

/* Results, errors and configurations: what plugins print and users write. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_cni_conf struct cni_conf c = { 0 };
	cleanup_strlist struct strlist versions = { 0 };
	cleanup_buf struct buf line = BUF_INIT(1 << 16);
	const char *text = (const char *) data;
	struct kerr err;

	if (size > 65536)
		return 0;
	check_result(text, size);
	if (cni_error_read(text, size, &line))
		must(!line.failed && line.len > 0 && utf8_valid(buf_str(&line), line.len) &&
		     !strpbrk(buf_str(&line), "\n\033"));
	(void) cni_versions_read(text, size, &versions, &err);
	if (cni_conf_read(text, size, "file", &c, &err) == 0)
		check_requests(&c, NULL);
	return 0;
}
