/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "configuration.h"
#include "copy.h"
#include "decode.h"
#include "fd.h"
#include "field.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "rowutil.h"
#include "str.h"
#include "unsupported.h"

#define API_VERSION "v1beta1"
#define CONF_MAX (1 << 20) /* bytes of a configuration file */
#define SHOWN_MAX 1024 /* bytes of a bad value in a message */

/* The texts that differ between the two files. */
struct conf_texts {
	const char *what; /* "client configuration" */
	const char *invalid; /* upstream's error text */
	const char *program;
	const char *precedence;
};

static const struct conf_texts *texts_of(enum kind kind)
{
	static const struct conf_texts client = {
		.what = "client configuration",
		.invalid = "client configuration is invalid",
		.program = "`kuke --configuration`",
		.precedence = "flag > environment (KUKEON_*, KUKE_*) > this file > default",
	};
	static const struct conf_texts server = {
		.what = "server configuration",
		.invalid = "server configuration is invalid",
		.program = "`kukeond --configuration` and `kuke init --server-configuration`",
		.precedence = "flag > environment (KUKEOND_*, KUKEON_*) > this file > default",
	};

	assert(kind == KIND_CLIENT_CONFIGURATION || kind == KIND_SERVER_CONFIGURATION);
	return kind == KIND_CLIENT_CONFIGURATION ? &client : &server;
}

/* ---- loading ---- */

/* Follows symbolic links: the operator names the file. 1 read, 0 it does not exist. */
static int read_conf(const struct conf_texts *w, const char *path, struct buf *text,
		     struct kerr *err)
{
	cleanup_free char *real = realpath(path, NULL);
	char why[128];
	int r;

	r = real == NULL ? -errno : file_read_at(AT_FDCWD, real, CONF_MAX, text, NULL);
	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		return 1;
	if (r == -EBADF)
		return kerr_plain(err, r, "read %s \"%s\": %s: not a regular file", w->what, path,
				  w->invalid);
	return kerr_plain(err, r, "read %s \"%s\": %s: %s", w->what, path, w->invalid,
			  errno_text(-r, why, sizeof(why)));
}

static bool in_list(const char *s, const char *const *v)
{
	for (; *v != NULL; v++)
		if (streq(s, *v))
			return true;
	return false;
}

/* "ADDRESS/BITS" of a family. Returns the bits, -EINVAL if it is something else. */
static int parse_prefix(const char *s, int family, uint8_t addr[16])
{
	const char *slash = strchr(s, '/');
	cleanup_free char *host = slash != NULL ? xstrndup(s, (size_t) (slash - s)) : NULL;
	uint64_t bits;

	if (host == NULL || inet_pton(family, host, addr) != 1 ||
	    str_to_u64(slash + 1, 0, family == AF_INET ? 32 : 128, &bits) < 0)
		return -EINVAL;
	return (int) bits;
}

int configuration_check_ipv6(const char *what, const char *prefix, const char *pod_subnet,
			     struct kerr *err)
{
	static const char like[] = "such as fd6b:756b:656f::/48";
	const char *v4 = str_empty(pod_subnet) ? CONF_DEFAULT_POD_SUBNET : pod_subnet;
	cleanup_buf struct buf shown = BUF_INIT(SHOWN_MAX);
	uint8_t addr[16], unused[16];
	int bits, bits4;

	if (str_empty(prefix))
		return 0;
	str_vis(&shown, prefix, strlen(prefix));
	bits = parse_prefix(prefix, AF_INET6, addr);
	if (bits < 0)
		return kerr_plain(err, -EINVAL,
				  "%spodSubnetCIDRv6 \"%s\" is not an IPv6 prefix, %s", what,
				  buf_str(&shown), like);
	if (addr[0] != 0xfd || bits < 8)
		return kerr_plain(err, -EINVAL,
				  "%spodSubnetCIDRv6 \"%s\" is not within fd00::/8, the addresses "
				  "for local use: choose one, %s",
				  what, buf_str(&shown), like);
	bits4 = parse_prefix(v4, AF_INET, unused);
	if (bits4 >= 0 && bits > 32 + bits4) /* of the 64, less what podSubnetCIDR leaves open */
		return kerr_plain(err, -EINVAL,
				  "%spodSubnetCIDRv6 \"%s\" is too long for podSubnetCIDR %s: "
				  "choose one of at most %d bits, so that each space has a /64",
				  what, buf_str(&shown), v4, 32 + bits4);
	return 0;
}

/*
 * Check the bounds and allowed values of one row. A bad logLevel is no error: drop_bad
 * replaces it.
 */
static int check_row(const struct field *f, const void *member, struct kerr *err)
{
	const char *s;
	int64_t v;

	if (f->type == FIELD_STRING && f->values != NULL && !streq(f->name, "logLevel")) {
		s = *(char *const *) member;
		if (!str_empty(s) && !in_list(s, f->values))
			return kerr_plain(err, -EINVAL,
					  "spec.%s \"%s\" is not one of the known values", f->name,
					  s);
	} else if (f->type == FIELD_INT && (f->min != 0 || f->max != 0)) {
		v = *(const int64_t *) member;
		if (v != 0 && (v < f->min || v > f->max))
			return kerr_plain(err, -EINVAL, "spec.%s must be within [%lld, %lld]: %lld",
					  f->name, (long long) f->min, (long long) f->max,
					  (long long) v);
	}
	return 0;
}

static int check_spec(enum kind kind, const void *doc, struct kerr *err)
{
	const struct field *spec = model_find(kind_info(kind)->type, "spec", NULL);
	int r;

	for (size_t i = 0; i < spec->obj->n_fields; i++) {
		r = check_row(&spec->obj->fields[i],
			      field_cptr(&spec->obj->fields[i], field_cptr(spec, doc)), err);
		if (r < 0)
			return r;
	}
	if (kind == KIND_SERVER_CONFIGURATION) {
		const struct server_spec *s = &((const struct server_doc *) doc)->spec;

		r = configuration_check_ipv6("spec.", s->pod_subnet_cidr_v6, s->pod_subnet_cidr,
					     err);
		if (r < 0)
			return r;
	}
	return validate_supported(kind, doc, err);
}

static int check_conf(enum kind kind, const char *path, const struct doc_head *head,
		      struct kerr *err)
{
	const struct conf_texts *w = texts_of(kind);
	struct kerr why = { 0 };

	if (!str_empty(head->kind) && !streq(head->kind, kind_info(kind)->name))
		return kerr_plain(err, -EINVAL, "%s \"%s\" has kind \"%s\", want \"%s\": %s",
				  w->what, path, head->kind, kind_info(kind)->name, w->invalid);
	if (!str_empty(head->api_version) && !streq(head->api_version, API_VERSION))
		return kerr_plain(err, -EINVAL,
				  "%s \"%s\": unsupported apiVersion: %s (expected %s): %s",
				  w->what, path, head->api_version, API_VERSION, w->invalid);
	if (check_spec(kind, head, &why) < 0)
		return kerr_plain(err, -EINVAL, "%s \"%s\": %s: %s", w->what, path, why.msg,
				  w->invalid);
	return 0;
}

bool configuration_check_level(const char *level, const char *from, struct strlist *warnings)
{
	if (str_empty(level) || log_level_known(level))
		return true;
	if (warnings != NULL)
		strlist_addf(warnings,
			     "warning: %s: \"%s\" is not a log level (debug, info, warn, error); "
			     "using " CONF_DEFAULT_LEVEL,
			     from, level);
	return false;
}

bool configuration_check_interval(const char *interval, const char *from, struct strlist *warnings)
{
	int64_t ns;

	if (str_empty(interval) || duration_parse(interval, &ns) == 0)
		return true;
	if (warnings != NULL)
		strlist_addf(
			warnings,
			"warning: %s: \"%s\" is not a duration (like 30s or 1m30s); using " CONF_DEFAULT_INTERVAL,
			from, interval);
	return false;
}

/* Replace bad values that are only warned about by their default. */
static void drop_bad(enum kind kind, const char *path, void *doc, struct strlist *warnings)
{
	cleanup_free char *level = xasprintf("%s: spec.logLevel", path);
	cleanup_free char *interval = xasprintf("%s: spec.reconcileInterval", path);
	struct server_doc *server = doc;
	struct client_doc *client = doc;
	char **word = kind == KIND_SERVER_CONFIGURATION ? &server->spec.log_level
							: &client->spec.log_level;

	if (!configuration_check_level(*word, level, warnings))
		free_p(word);
	if (kind == KIND_SERVER_CONFIGURATION &&
	    !configuration_check_interval(server->spec.reconcile_interval, interval, warnings))
		free_p(&server->spec.reconcile_interval);
}

static void tell_unknown(const char *path, const struct unknown_fields *unknown,
			 struct strlist *warnings)
{
	cleanup_buf struct buf text = BUF_INIT(64 << 10);

	for (size_t i = 0; warnings != NULL && i < unknown->n; i++) {
		buf_reset(&text);
		buf_addf(&text, "warning: %s:%u:%u: ", path, unknown->v[i].line, unknown->v[i].col);
		unknown_field_text(&text, &unknown->v[i]);
		strlist_add(warnings, buf_str(&text));
	}
}

int configuration_load(enum kind kind, const char *path, void *ret_doc, struct strlist *warnings,
		       struct kerr *err)
{
	cleanup_(unknown_fields_clear) struct unknown_fields unknown = { 0 };
	cleanup_buf struct buf text = BUF_INIT(CONF_MAX);
	const struct model_type *type = kind_info(kind)->type;
	const struct conf_texts *w = texts_of(kind);
	struct kerr why = { 0 };
	int r;

	memset(ret_doc, 0, type->size);
	r = read_conf(w, path, &text, err);
	if (r < 0)
		return kerr_wrap(err, r, "load %s", w->what);
	if (r == 0)
		return 0;
	if (text.len == 0) /* damaged: the defaults might address another instance */
		return kerr_plain(
			err, -EBADMSG,
			"load %s: \"%s\" is empty: %s; write it again, or remove it for the "
			"defaults",
			w->what, path, w->invalid);
	r = model_read_yaml(type, buf_str(&text), text.len, ret_doc, &unknown, &why);
	if (r < 0)
		return kerr_plain(err, r, "load %s: parse %s \"%s\": %s: %s", w->what, w->what,
				  path, w->invalid, why.msg);
	r = check_conf(kind, path, ret_doc, err);
	if (r < 0) {
		model_clear(type, ret_doc);
		return kerr_wrap(err, r, "load %s", w->what);
	}
	tell_unknown(path, &unknown, warnings);
	drop_bad(kind, path, ret_doc, warnings);
	return 1;
}

/* ---- template ---- */

static void template_value(struct buf *out, const struct field *f)
{
	if (f->def != NULL && f->def[0] != '<')
		buf_adds(out, f->def);
	else if (f->type == FIELD_STRLIST)
		buf_adds(out, "[]");
	else if (f->type == FIELD_STRMAP || f->type == FIELD_OBJPTR)
		buf_adds(out, "{}");
	else if (f->type == FIELD_STRING)
		buf_adds(out, "\"\"");
	else
		buf_adds(out, f->type == FIELD_INT ? "0" : "false");
}

void configuration_template(enum kind kind, struct buf *out)
{
	const struct model_type *spec = model_find(kind_info(kind)->type, "spec", NULL)->obj;
	const struct conf_texts *w = texts_of(kind);
	const struct field *f;

	buf_addf(out, "# The %s of kukeon, generated on the first run.\n", w->what);
	buf_addf(out, "# Read by %s.\n", w->program);
	buf_addf(out, "# Precedence: %s.\n", w->precedence);
	buf_adds(out, "# An existing file is never changed; delete it to have it generated again.\n"
		      "# Every key stands here with its default; remove the '#' to set it.\n");
	buf_addf(out, "apiVersion: %s\nkind: %s\nmetadata:\n  name: default\nspec:\n", API_VERSION,
		 kind_info(kind)->name);
	for (size_t i = 0; i < spec->n_fields; i++) {
		cleanup_free char *path = NULL;

		f = &spec->fields[i];
		path = xasprintf("spec.%s", f->name);
		if (validate_path_unsupported(kind, path))
			continue; /* the file would be refused with it */
		buf_addf(out, "  # %s\n", f->help);
		/* Enabled in new installations; files without the key keep the old behaviour. */
		if (streq(f->name, "seccompDefault")) {
			buf_adds(out, "  seccompDefault: true\n");
			continue;
		}
		buf_addf(out, "  # %s: ", f->name);
		template_value(out, f);
		buf_addc(out, '\n');
	}
}

int configuration_write_template(enum kind kind, const char *path, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(64 << 10);
	cleanup_free char *dir = path_dirname(path);
	int r;

	configuration_template(kind, &text);
	r = buf_check(&text, path, err);
	if (r < 0)
		return r;
	r = mkdir_p(dir, 0750, err);
	if (r < 0)
		return r;
	return atomic_write_at(AT_FDCWD, path, buf_str(&text), text.len, 0600, ATOMIC_WRITE_EXCL,
			       err);
}

/* ---- runtime parameters ---- */

/*
 * Paths are written to JSON files, which hold only UTF-8: any other path would be
 * changed there and not be found.
 */
int configuration_check_text(const char *what, const char *text, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(SHOWN_MAX);

	if (utf8_valid(text, strlen(text)))
		return 0;
	str_vis(&shown, text, strlen(text));
	return kerr_plain(err, -EINVAL, "%s \"%s\" is not UTF-8: choose another one", what,
			  buf_str(&shown));
}

static int check_suffix(const char *suffix, struct kerr *err)
{
	size_t n = strlen(suffix);

	if (n == 0)
		return kerr_plain(err, -EINVAL, "containerdNamespaceSuffix is empty");
	if (suffix[0] == '.' || suffix[n - 1] == '.')
		return kerr_plain(err, -EINVAL,
				  "containerdNamespaceSuffix \"%s\" must not start or end with '.'",
				  suffix);
	if (strpbrk(suffix, "/ \t\n") != NULL)
		return kerr_plain(err, -EINVAL,
				  "containerdNamespaceSuffix \"%s\" contains disallowed character",
				  suffix);
	return configuration_check_text("containerdNamespaceSuffix", suffix, err);
}

static int check_cgroup_root(const char *root, struct kerr *err)
{
	cleanup_free char *clean = NULL;

	if (root[0] == '\0')
		return kerr_plain(err, -EINVAL, "cgroupRoot is empty");
	if (path_clean(root, &clean) < 0)
		return kerr_plain(err, -EINVAL, "cgroupRoot \"%s\" must be an absolute path", root);
	if (streq(clean, "/"))
		return kerr_plain(err, -EINVAL, "cgroupRoot \"%s\" resolves to root", root);
	return configuration_check_text("cgroupRoot", root, err);
}

int configuration_check_runtime(const char *suffix, const char *cgroup_root, struct kerr *err)
{
	cleanup_free char *s = str_trim(suffix);
	cleanup_free char *c = str_trim(cgroup_root);
	struct kerr why = { 0 };
	int r;

	r = check_suffix(s, &why);
	if (r >= 0)
		r = check_cgroup_root(c, &why);
	if (r < 0)
		return kerr_plain(err, r, "configure runtime: %s: server configuration is invalid",
				  why.msg);
	return 0;
}

int configuration_check_flag(const char *what, const char *flag, struct kerr *err)
{
	cleanup_free char *text = str_trim(flag);

	if (flag == NULL || *text)
		return 0;
	return kerr_plain(err, -EINVAL, "%s is empty", what);
}

char *configuration_elsewhere(const char *used, const char *def)
{
	static const char expected[] = "/etc/kukeon/kukeond.yaml";

	if (!streq(used, def) || streq(def, expected) || access(expected, F_OK) < 0)
		return xstrdup("");
	return xasprintf("%s is not read: this build of kukeon reads %s; move the file there, or "
			 "name it with --server-configuration (kuke init) or --configuration "
			 "(kukeond)",
			 expected, def);
}

int configuration_check_path(const char *what, const char *path, struct kerr *err)
{
	if (str_empty(path))
		return 0;
	if (path[0] != '/')
		return kerr_plain(err, -EINVAL, "%s \"%s\" must be an absolute path", what, path);
	return configuration_check_text(what, path, err);
}

const char *configuration_pick(const char *flag, const char *env, const char *file, const char *def)
{
	const char *v;

	if (flag != NULL)
		return flag;
	v = env != NULL ? getenv(env) : NULL;
	if (!str_empty(v))
		return v;
	return !str_empty(file) ? file : def;
}
