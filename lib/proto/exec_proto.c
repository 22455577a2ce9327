/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exec_proto.h"
#include "mem.h"

/* The next string of a body; NULL: it does not end before the body does. */
static char *take_string(char **p, const char *end)
{
	char *s = *p;
	char *nul = s < end ? memchr(s, '\0', (size_t) (end - s)) : NULL;

	if (nul == NULL)
		return NULL;
	*p = nul + 1;
	return s;
}

static int take_strings(char **p, const char *end, uint32_t n, char ***ret)
{
	char **v;

	if (n > EXEC_STRINGS_MAX)
		return -EBADMSG;
	v = xcalloc(n + (size_t) 1, sizeof(*v));
	*ret = v;
	for (uint32_t i = 0; i < n; i++) {
		v[i] = take_string(p, end);
		if (v[i] == NULL)
			return -EBADMSG;
	}
	return 0;
}

int exec_body_parse(const struct exec_head *head, char *body, struct exec_body *ret)
{
	struct exec_body b = { 0 };
	uint64_t fixed = (uint64_t) head->n_groups * sizeof(uint32_t) + head->filter_bytes;
	const char *end = body + head->body;
	char *p;
	int r = 0;

	if (head->n_groups > EXEC_GROUPS_MAX || fixed > head->body || head->filter_bytes % 8 != 0 ||
	    head->n_procs > EXEC_CGROUPS_MAX || head->n_monitor_procs > EXEC_CGROUPS_MAX ||
	    head->n_limits > EXEC_LIMITS_MAX)
		return -EBADMSG;
	b.groups = (const uint32_t *) (const void *) body;
	b.filter = body + head->n_groups * sizeof(uint32_t);
	p = body + fixed;
	r = take_strings(&p, end, head->n_args, &b.args);
	if (r == 0)
		r = take_strings(&p, end, head->n_env, &b.env);
	b.cwd = take_string(&p, end);
	b.apparmor = take_string(&p, end);
	if (r < 0 || b.cwd == NULL || b.apparmor == NULL || p != end || head->n_args == 0) {
		exec_body_clear(&b);
		return -EBADMSG;
	}
	*ret = b;
	return 0;
}

void exec_body_clear(struct exec_body *b)
{
	free(b->args);
	free(b->env);
	*b = (struct exec_body){ 0 };
}

void exec_put_u16(char *p, uint32_t v)
{
	p[0] = (char) (v >> 8 & 0xff);
	p[1] = (char) (v & 0xff);
}

void exec_put_u32(char *p, uint32_t v)
{
	exec_put_u16(p, v >> 16);
	exec_put_u16(p + 2, v);
}

uint32_t exec_get_u16(const char *p)
{
	return (uint32_t) (unsigned char) p[0] << 8 | (unsigned char) p[1];
}

uint32_t exec_get_u32(const char *p)
{
	return exec_get_u16(p) << 16 | exec_get_u16(p + 2);
}

void exec_frame_head(char ret[EXEC_FRAME_HEAD], enum exec_frame_type type, uint32_t n)
{
	ret[0] = (char) type;
	exec_put_u32(ret + 1, n);
}

/* Read until data has n bytes. 1: it has. */
static int fill(int fd, struct exec_reader *r, size_t n)
{
	ssize_t got;

	while (r->have < n) {
		got = recv(fd, r->data + r->have, n - r->have, MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (got <= 0)
			return got == 0 || errno == ECONNRESET ? -EPIPE : -errno;
		r->have += (size_t) got;
	}
	return 1;
}

int exec_read_frame(int fd, struct exec_reader *r, struct exec_frame *ret)
{
	uint32_t n;
	int k;

	if (r->fresh)
		r->have = 0;
	r->fresh = false;
	while (!r->begun) {
		k = fill(fd, r, 1);
		if (k <= 0)
			return k;
		r->begun = r->data[0] != '\n';
		r->have = r->begun;
	}
	k = fill(fd, r, EXEC_FRAME_HEAD);
	if (k <= 0)
		return k;
	n = exec_get_u32(r->data + 1);
	if (n > EXEC_FRAME_DATA_MAX || r->data[0] < 1 || r->data[0] >= _EXEC_FRAME_MAX)
		return -EPROTO;
	k = fill(fd, r, EXEC_FRAME_HEAD + n);
	if (k <= 0)
		return k;
	r->fresh = true;
	*ret = (struct exec_frame){ (enum exec_frame_type) r->data[0], r->data + EXEC_FRAME_HEAD,
				    n };
	return 1;
}
