/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kukeunpack: writes the files of one image layer into an empty directory, confined to
 * that directory. Started by the engine only; the interface is unpack_proto.h.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"
#include "extract.h"
#include "fd.h"
#include "inflow.h"
#include "str.h"
#include "tarread.h"
#include "unpack_proto.h"

struct options {
	uint64_t version;
	uint64_t target, result, output, list;
	uint64_t offset, size;
	bool has_offset, has_size;
	struct unpack_limits limits;
};

/* Store the value of "name=value" in the field of that name. */
static int parse_option(struct options *o, const char *arg, struct kerr *err)
{
#define LIMIT_ROW_(name, value) { #name, offsetof(struct options, limits.name) },
	static const struct {
		const char *name;
		size_t at;
	} rows[] = { { "target", offsetof(struct options, target) },
		     { "result", offsetof(struct options, result) },
		     { "output", offsetof(struct options, output) },
		     { "list", offsetof(struct options, list) },
		     { "offset", offsetof(struct options, offset) },
		     { "size", offsetof(struct options, size) },
		     UNPACK_LIMITS(LIMIT_ROW_) };
#undef LIMIT_ROW_
	size_t i, n = strcspn(arg, "=");
	uint64_t value;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strlen(rows[i].name) != n || strncmp(rows[i].name, arg, n) != 0)
			continue;
		if (arg[n] != '=' || str_to_u64(arg + n + 1, 0, INT64_MAX, &value) < 0)
			break;
		*(uint64_t *) (void *) ((char *) o + rows[i].at) = value;
		o->has_offset |= streq(rows[i].name, "offset");
		o->has_size |= streq(rows[i].name, "size");
		return 0;
	}
	return kerr_plain(err, -EINVAL, "kukeunpack: bad option '%s'", arg);
}

static int parse_options(int argc, char **argv, struct options *o, struct kerr *err)
{
	int r;

	if (argc < 2 || str_to_u64(argv[1], 0, UINT32_MAX, &o->version) < 0)
		return kerr_plain(err, -EINVAL, "usage: kukeunpack VERSION target=FD result=FD …");
	for (int i = 2; i < argc; i++) {
		r = parse_option(o, argv[i], err);
		if (r < 0)
			return r;
	}
	if (o->version != UNPACK_PROTO_VERSION)
		return kerr_plain(err, -EPROTO, "kukeunpack and kukeon have different versions");
	if (o->target < 3 || o->target > 1024 || o->result < 3 || o->result > 1024 ||
	    o->output > 1024 || o->list > 1024 || o->limits.max_ratio == 0 ||
	    (o->has_offset && !o->has_size))
		return kerr_plain(err, -EINVAL, "kukeunpack: bad options");
	return 0;
}

/* Only decompress to fd. */
static int copy(struct inflow *flow, int fd, struct kerr *err)
{
	const void *p;
	ssize_t n;
	int r;

	while ((n = inflow_next(flow, &p, err)) > 0) {
		r = fd_write_all(fd, p, (size_t) n);
		if (r < 0)
			return kerr_set(err, r, "write");
	}
	return (int) n;
}

static int run(const struct options *o, struct unpack_result *ret, struct buf *notes,
	       struct kerr *err)
{
	struct inflow_source src = {
		.what = o->output ? "image archive" : "layer",
		.unhashed = o->output,
		.fd = STDIN_FILENO,
		.offset = o->has_offset ? (int64_t) o->offset : -1,
		.size = o->has_size ? (int64_t) o->size : -1,
	};
	cleanup_(inflow_freep) struct inflow *flow = NULL;
	cleanup_(tar_freep) struct tar_reader *tar = NULL;
	struct extract_target to;
	int root, r;

	root = confine_to((int) o->target, &o->limits, err);
	if (root < 0)
		return root;
	flow = inflow_new(&src, &o->limits);
	if (o->output)
		return copy(flow, (int) o->output, err);
	tar = tar_new(flow);
	to = (struct extract_target){ root, o->list ? (int) o->list : -EBADF, &o->limits };
	r = extract_layer(tar, &to, ret, notes, err);
	if (r < 0)
		return r;
	return inflow_finish(flow, ret, err);
}

int main(int argc, char **argv)
{
	struct unpack_result result = { .version = UNPACK_PROTO_VERSION };
	struct options o = { 0 };
	struct buf notes = BUF_INIT(UNPACK_MAX_NOTES);
	int r;

	(void) signal(SIGPIPE, SIG_IGN);
	(void) signal(SIGXFSZ, SIG_IGN);
	(void) umask(0);
	unpack_limits_default(&o.limits);
	r = parse_options(argc, argv, &o, &result.err);
	if (r == 0)
		r = run(&o, &result, &notes, &result.err);
	result.status = r;
	result.notes_size = r < 0 ? 0 : notes.len;
	if (o.result < 3) {
		char text[KERR_TEXT_MAX];

		(void) dprintf(STDERR_FILENO, "%s\n", kerr_text(&result.err, text, sizeof(text)));
		_exit(2);
	}
	if (fd_write_all((int) o.result, &result, sizeof(result)) < 0 ||
	    fd_write_all((int) o.result, notes.data, result.notes_size) < 0)
		_exit(1);
	/*
	 * Exit without cleaning up: nothing is left to do, and the seccomp filter would
	 * kill a leak checker.
	 */
	_exit(0);
}
