/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "fd.h"
#include "proto_msg.h"
#include "str.h"

void proto_msg_clear(struct proto_msg *m)
{
	buf_clear(&m->text);
}

void proto_msg_start(struct proto_msg *m, const char *op)
{
	buf_reset(&m->text);
	m->text.failed = false;
	proto_msg_add(m, "op", op);
}

void proto_msg_add(struct proto_msg *m, const char *key, const char *value)
{
	if (!value)
		return;
	buf_addf(&m->text, "%s=%s", key, value);
	buf_addc(&m->text, '\0');
}

void proto_msg_add_i64(struct proto_msg *m, const char *key, int64_t value)
{
	buf_addf(&m->text, "%s=%lld", key, (long long) value);
	buf_addc(&m->text, '\0');
}

int proto_msg_send(const struct proto_msg *m, int sock, int fd, enum proto_msg_flags flags)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = m->text.data, .iov_len = m->text.len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (m->text.failed)
		return -E2BIG;
	if (fd >= 0) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
	}
	do
		n = sendmsg(sock, &msg,
			    MSG_NOSIGNAL | (flags & PROTO_MSG_DONTWAIT ? MSG_DONTWAIT : 0));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Keep the first descriptor and close any others: the protocol allows one. */
static void take_fds(struct msghdr *msg, int *ret_fd)
{
	int fds[8];
	size_t n;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > ARRAY_SIZE(fds))
			n = ARRAY_SIZE(fds);
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
		for (size_t i = 0; i < n; i++) {
			if (*ret_fd < 0)
				*ret_fd = take_fd(fds[i]);
			else
				fd_close_p(&fds[i]);
		}
	}
}

bool proto_msg_valid(const char *text, size_t n)
{
	return n > 3 && n <= PROTO_MSG_MAX && memcmp(text, "op=", 3) == 0 && text[n - 1] == '\0';
}

int proto_msg_recv(struct proto_msg *m, int sock, int *ret_fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_len = PROTO_MSG_MAX };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	cleanup_fd int fd = -EBADF;
	ssize_t n;

	buf_reset(&m->text);
	iov.iov_base = buf_room(&m->text, PROTO_MSG_MAX);
	msg.msg_control = control.room;
	msg.msg_controllen = sizeof(control.room);
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	take_fds(&msg, &fd);
	if (n == 0)
		return 0;
	buf_commit(&m->text, (size_t) n);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || !proto_msg_valid(m->text.data, m->text.len))
		return -EBADMSG;
	*ret_fd = take_fd(fd);
	return 1;
}

const char *proto_msg_get(const struct proto_msg *m, const char *key)
{
	const char *p = buf_str(&m->text), *end = p + m->text.len;
	size_t n = strlen(key);

	for (; p < end; p += strlen(p) + 1)
		if (strncmp(p, key, n) == 0 && p[n] == '=')
			return p + n + 1;
	return "";
}

int64_t proto_msg_get_i64(const struct proto_msg *m, const char *key, int64_t otherwise)
{
	int64_t v;

	return str_to_i64(proto_msg_get(m, key), INT64_MIN, INT64_MAX, &v) < 0 ? otherwise : v;
}

bool proto_msg_is(const struct proto_msg *m, const char *op)
{
	return streq(proto_msg_get(m, "op"), op);
}
