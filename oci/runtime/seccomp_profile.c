/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "emit_json.h"
#include "fd.h"
#include "jval.h"
#include "mem.h"
#include "seccomp_profile.h"
#include "str.h"

/* ---- names ---- */

static const char *const actions[] = {
	[SYSFILTER_KILL] = "SCMP_ACT_KILL",   [SYSFILTER_KILL_PROCESS] = "SCMP_ACT_KILL_PROCESS",
	[SYSFILTER_TRAP] = "SCMP_ACT_TRAP",   [SYSFILTER_ERRNO] = "SCMP_ACT_ERRNO",
	[SYSFILTER_TRACE] = "SCMP_ACT_TRACE", [SYSFILTER_ALLOW] = "SCMP_ACT_ALLOW",
	[SYSFILTER_LOG] = "SCMP_ACT_LOG",
};
_Static_assert(ARRAY_SIZE(actions) == _SYSFILTER_ACTION_MAX, "an action without a name");

static const char *const ops[] = {
	[SYSFILTER_NE] = "SCMP_CMP_NE",
	[SYSFILTER_LT] = "SCMP_CMP_LT",
	[SYSFILTER_LE] = "SCMP_CMP_LE",
	[SYSFILTER_EQ] = "SCMP_CMP_EQ",
	[SYSFILTER_GE] = "SCMP_CMP_GE",
	[SYSFILTER_GT] = "SCMP_CMP_GT",
	[SYSFILTER_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};
_Static_assert(ARRAY_SIZE(ops) == _SYSFILTER_OP_MAX, "an operator without a name");

/* The index of a name; 0 when it is not in the list. */
static unsigned index_of(const char *const *words, size_t n, const char *word)
{
	for (unsigned i = 1; word != NULL && i < n; i++)
		if (streq(words[i], word))
			return i;
	return 0;
}

void seccomp_profile_clear(struct seccomp_profile *s)
{
	for (size_t i = 0; i < s->n_rules; i++)
		free((void *) (uintptr_t) s->rules[i].args);
	for (size_t i = 0; i < s->n_lists; i++)
		strlist_clear(&s->lists[i]);
	free(s->rules);
	free(s->lists);
	*s = (struct seccomp_profile){ 0 };
}

/* ---- reading ---- */

/* Position in the file, for messages. */
struct place {
	const char *path;
	size_t rule; /* SIZE_MAX: not in a rule */
};

static int invalid(const struct place *at, const char *subject, const char *what, struct kerr *err)
{
	if (at->rule == SIZE_MAX)
		return kerr_plain(err, -EINVAL, "seccomp profile '%s': %s%s", at->path, subject,
				  what);
	return kerr_plain(err, -EINVAL, "seccomp profile '%s': syscalls[%zu]: %s%s", at->path,
			  at->rule, subject, what);
}

/*
 * An unknown key could change the meaning of known ones, so it is refused, unless its
 * value is the one that a missing key stands for.
 */
static int check_keys(const struct place *at, const struct jval *map, const char *const *known,
		      struct kerr *err)
{
	const struct jval *v;
	void *iter = NULL;
	const char *key;
	size_t k;

	while (jval_next(map, &iter, &key, &v)) {
		for (k = 0; known[k] != NULL && !streq(known[k], key); k++)
			;
		if (known[k] == NULL && !jval_is_zero(v))
			return invalid(
				at, key,
				": unknown key (the form is that of linux.seccomp in the OCI "
				"runtime specification)",
				err);
	}
	return 0;
}

static int read_action(const struct place *at, const struct jval *n, enum sysfilter_action *ret,
		       struct kerr *err)
{
	const char *word = jval_str(n);
	unsigned i = index_of(actions, ARRAY_SIZE(actions), word);

	if (streq_null(word, "SCMP_ACT_KILL_THREAD"))
		i = SYSFILTER_KILL;
	if (i == 0)
		return invalid(at, word == NULL ? "action" : word, ": unknown action", err);
	*ret = (enum sysfilter_action) i;
	return 0;
}

static int read_errno(const struct place *at, const struct jval *n, struct sysfilter_errno *ret,
		      struct kerr *err)
{
	uint64_t v = 0;

	if (jval_is_null(n))
		return 0;
	if (jval_u64(n, &v) < 0 || v > SYSFILTER_ERRNO_MAX)
		return invalid(at, "errnoRet", ": not an error number", err);
	*ret = (struct sysfilter_errno){ true, (unsigned) v };
	return 0;
}

/* Read a list of well-formed names; whether they are known is checked where they are used. */
static int read_words(const struct place *at, const struct jval *n, const char *what,
		      struct seccomp_profile *s, const char *const **ret, struct kerr *err)
{
	struct strlist *l = vec_grow(&s->lists, &s->n_lists, sizeof(*s->lists));

	strlist_make_empty(l);
	if (!jval_is_null(n) && !jval_is_array(n))
		return invalid(at, what, ": not a list", err);
	for (size_t i = 0; i < jval_count(n); i++) {
		const char *word = jval_str(jval_item(n, i));

		if (str_empty(word))
			return invalid(at, what, ": an entry is not a name", err);
		strlist_add(l, word);
	}
	*ret = (const char *const *) l->v;
	return 0;
}

static int read_arg(const struct place *at, const struct jval *n, struct sysfilter_arg *ret,
		    struct kerr *err)
{
	static const char *const known[] = { "index", "value", "valueTwo", "op", NULL };
	const struct jval *two = jval_get(n, "valueTwo");
	uint64_t index = 0;
	int r;

	if (!jval_is_object(n))
		return invalid(at, "args", ": an entry is not an object", err);
	r = check_keys(at, n, known, err);
	if (r < 0)
		return r;
	if (jval_u64(jval_get(n, "index"), &index) < 0 || index >= SYSFILTER_ARGS)
		return invalid(at, "args: ", "index is not 0 to 5", err);
	ret->index = (unsigned) index;
	ret->op = (enum sysfilter_op) index_of(ops, ARRAY_SIZE(ops), jval_str(jval_get(n, "op")));
	if (ret->op == 0)
		return invalid(at, "args: ", "unknown operator", err);
	if (jval_u64(jval_get(n, "value"), &ret->value) < 0 ||
	    (!jval_is_null(two) && jval_u64(two, &ret->value2) < 0))
		return invalid(at, "args: ", "value is not a number", err);
	return 0;
}

static int read_args(const struct place *at, const struct jval *n, struct sysfilter_rule *rule,
		     struct kerr *err)
{
	struct sysfilter_arg *args;
	int r = 0;

	if (jval_is_null(n))
		return 0;
	if (!jval_is_array(n) || jval_count(n) > SYSFILTER_ARGS)
		return invalid(at, "args", ": not a list of at most 6", err);
	args = xcalloc(jval_count(n) + 1, sizeof(*args));
	rule->args = args;
	rule->n_args = jval_count(n);
	for (size_t i = 0; r == 0 && i < rule->n_args; i++)
		r = read_arg(at, jval_item(n, i), &args[i], err);
	return r;
}

static int read_rule(const struct place *at, const struct jval *n, struct seccomp_profile *s,
		     struct kerr *err)
{
	static const char *const known[] = {
		"names", "action", "errnoRet", "args", "comment", NULL
	};
	struct sysfilter_rule *rule = vec_grow(&s->rules, &s->n_rules, sizeof(*s->rules));
	int r;

	if (!jval_is_object(n))
		return invalid(at, "", "not an object", err);
	r = check_keys(at, n, known, err);
	if (r == 0)
		r = read_words(at, jval_get(n, "names"), "names", s, &rule->names, err);
	if (r == 0 && rule->names[0] == NULL)
		r = invalid(at, "names", ": missing", err);
	if (r == 0)
		r = read_action(at, jval_get(n, "action"), &rule->action, err);
	if (r == 0)
		r = read_errno(at, jval_get(n, "errnoRet"), &rule->errno_ret, err);
	return r < 0 ? r : read_args(at, jval_get(n, "args"), rule, err);
}

static int read_rules(struct place *at, const struct jval *n, struct seccomp_profile *s,
		      struct kerr *err)
{
	int r = 0;

	if (!jval_is_null(n) && !jval_is_array(n))
		return invalid(at, "syscalls", ": not a list", err);
	if (jval_count(n) > SECCOMP_RULES_MAX)
		return invalid(at, "syscalls", ": more than 4096 rules", err);
	for (size_t i = 0; r == 0 && i < jval_count(n); i++) {
		at->rule = i;
		r = read_rule(at, jval_item(n, i), s, err);
	}
	at->rule = SIZE_MAX;
	return r;
}

static int check_archs(const struct place *at, const char *const *archs, struct kerr *err)
{
	for (; *archs != NULL; archs++)
		if (!sysfilter_knows_arch(*archs))
			return invalid(at, *archs, ": unknown architecture", err);
	return 0;
}

static int read_profile(struct place *at, const struct jval *n, struct seccomp_profile *s,
			struct kerr *err)
{
	static const char *const known[] = { "defaultAction",
					     "defaultErrnoRet",
					     "architectures",
					     "flags",
					     "syscalls",
					     "comment",
					     NULL };
	int r;

	if (!jval_is_object(n))
		return invalid(at, "", "not an object", err);
	r = check_keys(at, n, known, err);
	if (r == 0)
		r = read_action(at, jval_get(n, "defaultAction"), &s->p.action, err);
	if (r == 0)
		r = read_errno(at, jval_get(n, "defaultErrnoRet"), &s->p.errno_ret, err);
	if (r == 0)
		r = read_words(at, jval_get(n, "architectures"), "architectures", s, &s->p.archs,
			       err);
	if (r == 0)
		r = check_archs(at, s->p.archs, err);
	if (r == 0)
		r = read_words(at, jval_get(n, "flags"), "flags", s, &s->p.flags, err);
	if (r == 0)
		r = read_rules(at, jval_get(n, "syscalls"), s, err);
	if (r < 0)
		return r;
	s->p.rules = s->rules;
	s->p.n_rules = s->n_rules;
	return 0;
}

int seccomp_profile_parse(const char *text, size_t n, const char *path, struct seccomp_profile *ret,
			  struct kerr *err)
{
	cleanup_seccomp_profile struct seccomp_profile s = { 0 };
	cleanup_free char *what = xasprintf("seccomp profile '%s'", path);
	cleanup_jval struct jval *root = NULL;
	struct place at = { .path = path, .rule = SIZE_MAX };
	int r;

	r = jval_read(text, n, what, &root, err);
	if (r == 0)
		r = read_profile(&at, root, &s, err);
	if (r < 0)
		return r;
	*ret = take_struct(s);
	return 0;
}

int seccomp_profile_load(const char *path, struct seccomp_profile *ret, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(SECCOMP_FILE_MAX + 1);
	/* a symbolic link is allowed: the host's administrator made it */
	cleanup_free char *real = realpath(path, NULL);
	int r;

	if (real == NULL && (errno == ENOENT || errno == ENOTDIR))
		return kerr_plain(err, -EINVAL, "seccomp profile does not exist on the host ('%s')",
				  path);
	if (real == NULL)
		return kerr_set(err, -errno, "open the seccomp profile '%s'", path);
	r = file_read_at(AT_FDCWD, real, SECCOMP_FILE_MAX, &text, err);
	if (r == -ENOENT)
		return kerr_plain(err, -EINVAL, "seccomp profile does not exist on the host ('%s')",
				  path);
	if (r < 0)
		return kerr_wrap(err, r, "read the seccomp profile '%s'", path);
	return seccomp_profile_parse(buf_str(&text), text.len, path, ret, err);
}

/* ---- writing ---- */

static void emit_words(struct jemit *j, const char *key, const char *const *words)
{
	if (words == NULL || words[0] == NULL)
		return;
	jemit_key(j, key);
	jemit_array(j);
	for (; *words != NULL; words++)
		jemit_str(j, *words);
	jemit_array_end(j);
}

static void emit_action(struct jemit *j, const char *key, enum sysfilter_action action,
			const char *errno_key, struct sysfilter_errno errno_ret)
{
	jemit_key(j, key);
	jemit_str(j, actions[action]);
	if (!errno_ret.set)
		return;
	jemit_key(j, errno_key);
	jemit_u64(j, errno_ret.v);
}

static void emit_args(struct jemit *j, const struct sysfilter_rule *rule)
{
	if (rule->n_args == 0)
		return;
	jemit_key(j, "args");
	jemit_array(j);
	for (size_t i = 0; i < rule->n_args; i++) {
		jemit_object(j);
		jemit_key(j, "index");
		jemit_u64(j, rule->args[i].index);
		jemit_key(j, "value");
		jemit_u64(j, rule->args[i].value);
		if (rule->args[i].value2 != 0) {
			jemit_key(j, "valueTwo");
			jemit_u64(j, rule->args[i].value2);
		}
		jemit_key(j, "op");
		jemit_str(j, ops[rule->args[i].op]);
		jemit_object_end(j);
	}
	jemit_array_end(j);
}

void seccomp_profile_emit(const struct sysfilter_profile *p, struct jemit *j)
{
	jemit_object(j);
	emit_action(j, "defaultAction", p->action, "defaultErrnoRet", p->errno_ret);
	emit_words(j, "architectures", p->archs);
	emit_words(j, "flags", p->flags);
	jemit_key(j, "syscalls");
	jemit_array(j);
	for (size_t i = 0; i < p->n_rules; i++) {
		jemit_object(j);
		emit_words(j, "names", p->rules[i].names);
		emit_action(j, "action", p->rules[i].action, "errnoRet", p->rules[i].errno_ret);
		emit_args(j, &p->rules[i]);
		jemit_object_end(j);
	}
	jemit_array_end(j);
	jemit_object_end(j);
}
