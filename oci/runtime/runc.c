/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "jval.h"
#include "mem.h"
#include "path.h"
#include "proc.h"
#include "runc.h"
#include "sha256.h"
#include "str.h"
#include "vec.h"

enum {
	RUNC_LOG_MAX = 1 << 20, /* limit of runc.log; normally it has a few lines */
	RUNC_LINE_MAX = 4096, /* limit of the output of "runc update" */
	RUNC_ERROR_MAX = 320, /* bytes of a start error that are shown */
	RUNC_VERSION_MAX = 4096,
	RUNC_VERSION_MS = 10000,
	RUNC_UPDATE_MS = 30000,
};

#define RUNC_FALLBACK_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

/* Find name in a list of directories; relative directories are skipped. */
static char *find_in(const char *dirs, const char *name)
{
	cleanup_free char *path = NULL;
	size_t n;

	for (;; dirs += n + 1) {
		n = strcspn(dirs, ":");
		free_p(&path);
		path = xasprintf("%.*s/%s", (int) n, dirs, name);
		if (dirs[0] == '/' && is_program(path))
			return take_ptr(path);
		if (dirs[n] == '\0')
			return NULL;
	}
}

int runc_find(const char *configured, char **ret_path, struct kerr *err)
{
	const char *name = str_empty(configured) ? "runc" : configured;
	const char *dirs = getenv("PATH");
	char *found = NULL;

	if (name[0] == '/') {
		if (!is_program(name))
			return kerr_plain(err, -ENOENT, "runtime '%s' is not an executable file",
					  name);
		*ret_path = xstrdup(name);
		return 0;
	}
	if (strchr(name, '/') != NULL)
		return kerr_plain(err, -EINVAL,
				  "runtime '%s' is neither a name nor an absolute path", name);
	if (dirs != NULL && *dirs != '\0')
		found = find_in(dirs, name);
	if (found == NULL)
		found = find_in(RUNC_FALLBACK_PATH, name);
	if (found == NULL)
		return kerr_plain(err, -ENOENT, "%s is not installed: no such program in PATH",
				  name);
	*ret_path = found;
	return 0;
}

/* Parse "1.2.3…" at s. */
static int parse_triple(const char *s, struct runc_version *v)
{
	unsigned *const part[] = { &v->major, &v->minor, &v->patch };
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		cleanup_free char *digits = NULL;
		uint64_t number = 0;

		n = strspn(s, "0123456789");
		digits = xstrndup(s, n);
		if (str_to_u64(digits, 0, 100000, &number) < 0)
			return i == 2 ? 0 : -EINVAL; /* two numbers are enough */
		*part[i] = (unsigned) number;
		s += n;
		if (*s == '.')
			s++;
		else if (i == 0)
			return -EINVAL;
		else
			return 0;
	}
	return 0;
}

/*
 * Debian's runc prints its package version ("commit: 1.1.5+ds1-1+deb12u1"), upstream's a
 * git commit.
 */
static void parse_package(const char *text, struct runc_version *v)
{
	static const char key[] = "\ncommit: ";
	const char *at = strstr(text, key);
	size_t n;

	if (at == NULL || !str_has_prefix(at + strlen(key), v->text))
		return;
	at += strlen(key);
	n = strcspn(at, " \n");
	if (n > strlen(v->text) && n < sizeof(v->package))
		memcpy(v->package, at, n);
}

/* Parse the first line: "runc version 1.1.5+ds1" or "crun version 1.8.1". */
static int parse_version(const char *text, struct runc_version *ret)
{
	struct runc_version v = { 0 };
	const char *word = strstr(text, " version ");
	size_t n;

	if (word == NULL || (size_t) (word - text) >= sizeof(v.name) ||
	    memchr(text, '\n', (size_t) (word - text)) != NULL)
		return -EINVAL;
	memcpy(v.name, text, (size_t) (word - text));
	word += strlen(" version ");
	n = strcspn(word, " \n");
	if (n >= sizeof(v.text))
		return -EINVAL;
	memcpy(v.text, word, n);
	if (parse_triple(v.text, &v) < 0)
		return -EINVAL;
	parse_package(word, &v);
	*ret = v;
	return 0;
}

int runc_version(const char *path, struct runc_version *ret, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(RUNC_VERSION_MAX);
	const char *argv[] = { path, "--version", NULL };
	struct proc_spawn how = PROC_SPAWN_INIT;
	int status = 0;
	int r;

	how.path = path;
	how.argv = (char *const *) (uintptr_t) argv;
	r = proc_run(&how, NULL, &out, NULL, RUNC_VERSION_MS, &status, err);
	if (r < 0)
		return r;
	if (status != 0 || parse_version(buf_str(&out), ret) < 0)
		return kerr_plain(err, -EPROTO, "'%s --version' printed no version", path);
	return 0;
}

/* 0 means no limit in a manifest, but "unchanged" in runc update. */
static long long update_value(struct nint limit, long long none)
{
	return limit.set && limit.v > 0 ? (long long) limit.v : none;
}

int runc_update(const char *path, const char *runc_root, const char *id,
		const struct runc_limits *limits, struct kerr *err)
{
	cleanup_strlist struct strlist argv = { 0 };
	cleanup_buf struct buf out = BUF_INIT(RUNC_LINE_MAX);
	cleanup_buf struct buf said = BUF_INIT(RUNC_LINE_MAX);
	struct proc_spawn how = PROC_SPAWN_INIT;
	int status = 0;
	int r;

	strlist_add(&argv, path);
	strlist_addf(&argv, "--root=%s", runc_root);
	strlist_add(&argv, "update");
	strlist_addf(&argv, "--memory=%lld", update_value(limits->memory, -1));
	strlist_addf(&argv, "--cpu-share=%lld", update_value(limits->cpu_shares, 1024));
	strlist_addf(&argv, "--pids-limit=%lld", update_value(limits->pids, -1));
	strlist_add(&argv, id);
	how.path = path;
	how.argv = argv.v;
	r = proc_run(&how, NULL, &out, &said, RUNC_UPDATE_MS, &status, err);
	if (r < 0)
		return r;
	if (status != 0) {
		cleanup_buf struct buf line = BUF_INIT(RUNC_LINE_MAX);

		str_vis(&line, buf_str(&said), strcspn(buf_str(&said), "\n"));
		return kerr_plain(err, -EIO, "runc update: %s", buf_str(&line));
	}
	return 0;
}

char *runc_id(const char *id)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+.-";
	char hex[SHA256_HEX];

	if (id[strspn(id, allowed)] == '\0')
		return xstrdup(id);
	sha256_hex_of(id, strlen(id), hex);
	return xstrdup(hex);
}

int runc_forget(const char *runc_root, const char *id, struct kerr *err)
{
	cleanup_fd int root = -EBADF;

	if (id[0] == '\0' || id[0] == '.' || strchr(id, '/') != NULL)
		return kerr_plain(err, -EINVAL, "bad container id '%s'", id);
	root = open(runc_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 && errno == ENOENT)
		return 0;
	if (root < 0)
		return kerr_set(err, -errno, "open '%s'", runc_root);
	return remove_tree_at(root, id, REMOVE_TREE_SAME_FS, err);
}

/* The message of a log line if it has that level, else NULL. */
static char *line_message(const char *line, size_t n, const char *level)
{
	cleanup_jval struct jval *v = NULL;
	const char *is, *msg;

	if (jval_read(line, n, "runc.log", &v, NULL) < 0)
		return NULL;
	is = jval_str(jval_get(v, "level"));
	msg = jval_str(jval_get(v, "msg"));
	return is != NULL && msg != NULL && streq(is, level) ? xstrdup(msg) : NULL;
}

/* A message of runc's init contains a log line itself: `time="…" level=error msg="…"`. */
static const char *skip_stamp(const char *s)
{
	static const char key[] = " msg=";
	const char *msg = str_has_prefix(s, "time=") ? strstr(s, key) : NULL;

	return msg == NULL ? s : msg + strlen(key);
}

/* Shorten in the middle, since the beginning says what failed and the end why. */
static void add_shortened(struct buf *ret, const char *s)
{
	size_t n = strlen(s);

	if (n <= RUNC_ERROR_MAX) {
		str_vis(ret, s, n);
		return;
	}
	str_vis(ret, s, RUNC_ERROR_MAX / 2);
	buf_adds(ret, " ... ");
	str_vis(ret, s + n - RUNC_ERROR_MAX / 2, RUNC_ERROR_MAX / 2);
}

/* Cut off the time stamp and runc's own prefix. */
static const char *message_body(const char *msg)
{
	static const char *const prefixes[] = { "runc run failed: ", "runc create failed: " };
	const char *s = skip_stamp(msg);

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_has_prefix(s, prefixes[i]))
			s += strlen(prefixes[i]);
	return s;
}

int runc_last_error(const char *log_path, struct buf *ret)
{
	cleanup_buf struct buf text = BUF_INIT(RUNC_LOG_MAX);
	cleanup_free char *last = NULL;
	cleanup_free char *cause = NULL;
	size_t n;

	if (file_read_at(AT_FDCWD, log_path, RUNC_LOG_MAX, &text, NULL) < 0)
		return -ENOENT;
	for (const char *p = buf_str(&text); *p != '\0'; p += n + (p[n] == '\n')) {
		char *msg;

		n = strcspn(p, "\n");
		if (cause == NULL)
			cause = line_message(p, n, "fatal");
		msg = line_message(p, n, "error");
		if (msg == NULL)
			continue;
		free(last);
		last = msg;
	}
	if (last == NULL && cause == NULL)
		return -ENOENT;
	if (last != NULL)
		add_shortened(ret, message_body(last));
	if (last != NULL && cause != NULL)
		buf_adds(ret, ": ");
	if (cause != NULL)
		add_shortened(ret, message_body(cause));
	return 0;
}
