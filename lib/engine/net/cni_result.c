/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "cni_result.h"
#include "ipv4.h"
#include "jval.h"
#include "jwalk.h"
#include "mem.h"
#include "str.h"

#define ERROR_LINE_MAX 300

void cni_result_clear(struct cni_result *r)
{
	free(r->text);
	strlist_clear(&r->devices);
	*r = (struct cni_result){ 0 };
}

/* ---- errors ---- */

/* Text of a plugin, escaped and on one line. */
static void add_line(struct buf *out, const char *text)
{
	cleanup_buf struct buf line = BUF_INIT(ERROR_LINE_MAX + 8);
	cleanup_buf struct buf safe = BUF_INIT(8 * ERROR_LINE_MAX);

	str_one_line(&line, text, ERROR_LINE_MAX);
	str_vis(&safe, buf_str(&line), line.len);
	buf_add(out, buf_str(&safe), safe.len);
}

/* code 0, or none: no error. */
static bool is_error(const struct jval *top, int64_t *ret_code)
{
	const struct jval *code = jval_get(top, "code");

	*ret_code = 0;
	if (jval_is_null(code))
		return false;
	return jval_i64(code, ret_code) < 0 || *ret_code != 0;
}

static bool is_blank(const char *s)
{
	cleanup_free char *text = s ? str_trim(s) : NULL;

	return str_empty(text);
}

static bool add_error(const struct jval *top, struct buf *ret)
{
	const char *msg = jval_str(jval_get(top, "msg"));
	const char *details = jval_str(jval_get(top, "details"));
	int64_t code;

	if (!is_error(top, &code) && is_blank(msg))
		return false;
	add_line(ret, is_blank(msg) ? "error without a message" : msg);
	if (!is_blank(details)) {
		buf_adds(ret, "; ");
		add_line(ret, details);
	}
	if (code)
		buf_addf(ret, " (code %lld)", (long long) code);
	return true;
}

bool cni_error_read(const char *text, size_t n, struct buf *ret)
{
	cleanup_jval struct jval *top = NULL;

	return jval_read(text, n, "error", &top, NULL) == 0 && add_error(top, ret);
}

/* ---- results ---- */

static int garbage(struct kerr *err, const char *member, const char *must)
{
	return kerr_plain(err, -EINVAL, "printed a result that is not valid: %s %s", member, must);
}

static int read_list(const struct jval *top, const char *key, const struct jval **ret,
		     struct kerr *err)
{
	const struct jval *list = jval_get(top, key);

	if (!jval_is_null(list) && (!jval_is_array(list) || jval_count(list) > CNI_LIST_MAX))
		return garbage(err, key, "must be a list of at most 1024 objects");
	*ret = list;
	return 0;
}

static bool is_device(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	return n > 0 && n < CNI_DEVICE_MAX && !strpbrk(s, "/: \t\n\r\v\f") && !streq(s, ".") &&
	       !streq(s, "..");
}

static int read_interfaces(const struct jval *list, struct cni_result *ret, struct kerr *err)
{
	for (size_t i = 0; i < jval_count(list); i++) {
		const struct jval *v = jval_item(list, i), *box = jval_get(v, "sandbox");
		const char *name = jval_str(jval_get(v, "name"));

		if (!jval_is_object(v) || (!jval_is_null(box) && !jval_str(box)))
			return garbage(err, "interfaces", "must be objects with a sandbox's path");
		if (!str_empty(jval_str(box)))
			continue;
		if (!is_device(name))
			return garbage(err, "interfaces", "must have names of devices");
		if (!strlist_has(&ret->devices, name))
			strlist_add(&ret->devices, name);
	}
	return 0;
}

/* "10.1.0.2/16" or "fd00::2/64". 4, 6, or -EINVAL. */
static int read_cidr(const char *text, uint32_t *ret)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	char addr[INET6_ADDRSTRLEN];
	struct ipv4_net net;
	struct in6_addr six;
	uint64_t prefix;

	if (!slash || (size_t) (slash - text) >= sizeof(addr))
		return -EINVAL;
	if (ipv4_net_parse(text, &net) == 0) {
		*ret = net.addr;
		return 4;
	}
	memcpy(addr, text, (size_t) (slash - text));
	addr[slash - text] = '\0';
	if (inet_pton(AF_INET6, addr, &six) != 1 || str_to_u64(slash + 1, 0, 128, &prefix) < 0)
		return -EINVAL;
	return 6;
}

/* Whether an address is one of the host: plugins may list these, too. */
static bool is_of_host(const struct jval *ip, const struct jval *interfaces)
{
	const struct jval *v;
	uint64_t i;

	if (jval_u64(jval_get(ip, "interface"), &i) < 0 || i >= jval_count(interfaces))
		return false;
	v = jval_item(interfaces, i);
	return str_empty(jval_str(jval_get(v, "sandbox")));
}

static int read_ips(const struct jval *list, const struct jval *interfaces, struct cni_result *ret,
		    struct kerr *err)
{
	for (size_t i = 0; i < jval_count(list); i++) {
		const struct jval *ip = jval_item(list, i);
		uint32_t addr = 0;

		if (read_cidr(jval_str(jval_get(ip, "address")), &addr) < 0)
			return garbage(err, "ips",
				       "must have addresses with their prefix, as 10.1.0.2/16");
		if (is_of_host(ip, interfaces))
			continue;
		ret->has_address = true;
		if (!ret->addr)
			ret->addr = addr;
	}
	return 0;
}

/* libcni gives a result without a version that of the request. */
static int keep_text(const char *text, size_t n, const struct jval *top, enum cni_version version,
		     struct cni_result *ret, struct kerr *err)
{
	const struct jval *said = jval_get(top, "cniVersion");
	const char *brace = memchr(text, '{', n);
	size_t used = (size_t) (brace - text) + 1;

	if (!jval_is_zero(said)) {
		if (cni_version_of(jval_str(said)) < 0)
			return garbage(err, "cniVersion", "must be that of the configuration");
		ret->text = xstrndup(text, n);
		return 0;
	}
	if (!jval_is_null(said)) { /* "": it would be there twice */
		ret->text = xstrndup(text, n);
		return 0;
	}
	ret->text = xasprintf("{\"cniVersion\":\"%s\"%s%.*s", cni_version_text(version),
			      jval_is_zero(top) ? "" : ",", (int) (n - used), text + used);
	return 0;
}

static int read_result(const struct jval *top, struct cni_result *ret, struct kerr *err)
{
	const struct jval *interfaces = NULL, *ips = NULL;
	int r = read_list(top, "interfaces", &interfaces, err);

	if (r == 0)
		r = read_list(top, "ips", &ips, err);
	if (r == 0)
		r = read_interfaces(interfaces, ret, err);
	return r < 0 ? r : read_ips(ips, interfaces, ret, err);
}

int cni_result_read(const char *text, size_t n, enum cni_version version, struct cni_result *ret,
		    struct kerr *err)
{
	cleanup_buf struct buf said = BUF_INIT(4096);
	cleanup_jval struct jval *top = NULL;
	int r;

	cni_result_clear(ret);
	while (n > 0 && text[n - 1] && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (n == 0)
		return kerr_plain(err, -EINVAL, "printed no result");
	if (n > CNI_RESULT_MAX)
		return kerr_plain(err, -E2BIG, "printed more than %d bytes", CNI_RESULT_MAX);
	r = jval_read(text, n, "printed no valid result", &top, err);
	if (r < 0)
		return r;
	if (!jval_is_object(top))
		return kerr_plain(err, -EINVAL, "printed no valid result: must be a JSON object");
	if (add_error(top, &said))
		return kerr_plain(err, -EREMOTEIO, "reports: %s", buf_str(&said));
	r = read_result(top, ret, err);
	if (r == 0)
		r = keep_text(text, n, top, version, ret, err);
	if (r < 0)
		cni_result_clear(ret);
	return r;
}

int cni_versions_read(const char *text, size_t n, struct strlist *ret, struct kerr *err)
{
	cleanup_buf struct buf said = BUF_INIT(4096);
	cleanup_jval struct jval *top = NULL;

	if (jval_read(text, n, "reply", &top, NULL) == 0 && add_error(top, &said))
		return kerr_plain(err, -EREMOTEIO, "reports: %s", buf_str(&said));
	if (!jval_is_array(jval_get(top, "supportedVersions")) ||
	    jval_get_strlist(top, "supportedVersions", "reply", ret, NULL) < 0)
		return kerr_plain(err, -EINVAL, "does not say which versions it supports");
	return 0;
}
