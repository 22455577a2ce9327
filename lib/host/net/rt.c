/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "buf.h"
#include "rt.h"

#define ANSWER_MAX (32 << 10)
#define BATCH_LIMIT_S 30 /* for the kernel, which loads modules meanwhile */

/* struct rt_sock is libnl's socket; callers do not include libnl. */
static struct nl_sock *nl(const struct rt_sock *sk)
{
	return (struct nl_sock *) (uintptr_t) sk;
}

static struct nl_msg *nm(const struct rt_msg *msg)
{
	return (struct nl_msg *) (uintptr_t) msg;
}

void rt_sock_freep(struct rt_sock **sk)
{
	if (*sk)
		nl_socket_free(nl(*sk));
	*sk = NULL;
}

void rt_msg_freep(struct rt_msg **msg)
{
	if (*msg)
		nlmsg_free(nm(*msg));
	*msg = NULL;
}

int rt_fd(const struct rt_sock *sk)
{
	return nl_socket_get_fd(nl(sk));
}

static int open_protocol(int protocol, struct rt_sock **ret, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = (struct rt_sock *) nl_socket_alloc();
	const int on = 1;
	int fd;
	int r;

	if (!sk)
		abort(); /* out of memory, as in xmalloc */
	/* The kernel makes no part of a list longer; asking for its length first costs a call. */
	nl_socket_disable_msg_peek(nl(sk));
	(void) nl_socket_set_msg_buf_size(nl(sk), ANSWER_MAX);
	r = nl_connect(nl(sk), protocol);
	if (r < 0)
		return kerr_plain(err, r == -NLE_PROTO_MISMATCH ? -EPROTONOSUPPORT : -EIO,
				  "open a netlink socket: %s", nl_geterror(-r));
	fd = rt_fd(sk);
	/* Error messages, no echo of the request, strict filters: all optional. */
	(void) setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void) setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	(void) setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	*ret = take_ptr(sk);
	return 0;
}

int rt_open(struct rt_sock **ret, struct kerr *err)
{
	return open_protocol(NETLINK_ROUTE, ret, err);
}

int rt_open_netfilter(struct rt_sock **ret, struct kerr *err)
{
	return open_protocol(NETLINK_NETFILTER, ret, err);
}

/* ---- requests ---- */

/* libnl takes a non-const pointer, but only reads. */
void rt_append(struct rt_msg *msg, const void *data, size_t n)
{
	if (nlmsg_append(nm(msg), (void *) (uintptr_t) data, n, NLMSG_ALIGNTO) < 0)
		abort();
}

struct rt_msg *rt_msg_new(int type, int flags, const void *head, size_t n)
{
	struct rt_msg *msg = (struct rt_msg *) nlmsg_alloc_simple(type, flags);

	if (!msg)
		abort();
	rt_append(msg, head, n);
	return msg;
}

void rt_put(struct rt_msg *msg, int type, const void *data, size_t n)
{
	if (nla_put(nm(msg), type, (int) n, data) < 0)
		abort();
}

void rt_put_str(struct rt_msg *msg, int type, const char *s)
{
	rt_put(msg, type, s, strlen(s) + 1);
}

void rt_put_u32(struct rt_msg *msg, int type, uint32_t v)
{
	rt_put(msg, type, &v, sizeof(v));
}

struct nlattr *rt_nest(struct rt_msg *msg, int type)
{
	struct nlattr *attr = nla_nest_start(nm(msg), type);

	if (!attr)
		abort();
	return attr;
}

void rt_nest_end(struct rt_msg *msg, struct nlattr *nest)
{
	(void) nla_nest_end(nm(msg), nest);
}

/* ---- answers ---- */

static void read_message(const struct nlmsghdr *h, char *buf, size_t size)
{
	int left = (int) h->nlmsg_len - (int) NLMSG_LENGTH(sizeof(struct nlmsgerr));
	struct rt_attrs attrs = { .at = (const void *) ((const char *) rt_data(h) +
							sizeof(struct nlmsgerr)),
				  .left = left };
	struct rt_attr attr;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS) || left <= 0)
		return;
	while (rt_attrs_next(&attrs, &attr))
		if (attr.type == NLMSGERR_ATTR_MSG)
			(void) snprintf(buf, size, " (%.*s)", (int) attr.n,
					(const char *) attr.data);
}

/* One datagram. Returns how many requests it ends. */
static int rt_read(struct rt_answer *a, unsigned char *buf, int n)
{
	struct nlmsghdr *h = (struct nlmsghdr *) (void *) buf;
	int ended = 0;
	int e;

	for (; nlmsg_ok(h, n); h = nlmsg_next(h, &n)) {
		if (h->nlmsg_type == NLMSG_DONE) {
			ended++;
			continue;
		}
		if (h->nlmsg_type != NLMSG_ERROR) {
			if (a->item)
				a->item(a->ctx, h);
			continue;
		}
		e = ((const struct nlmsgerr *) rt_data(h))->error;
		ended++;
		if (e < 0 && a->result == 0) {
			a->result = e;
			read_message(h, a->message, sizeof(a->message));
		}
	}
	return ended;
}

int rt_talk(struct rt_sock *sk, struct rt_msg *const *msgs, size_t n, struct rt_answer *a)
{
	cleanup_buf struct buf out = BUF_INIT(64 << 10);
	size_t i, ended = 0;
	int r;

	for (i = 0; i < n; i++) {
		const struct nlmsghdr *h = nlmsg_hdr(nm(msgs[i]));

		nl_complete_msg(nl(sk), nm(msgs[i]));
		buf_add(&out, h, h->nlmsg_len);
		while (out.len % NLMSG_ALIGNTO != 0)
			buf_addc(&out, '\0');
	}
	if (send(rt_fd(sk), out.data, out.len, 0) < 0)
		return -errno;
	while (ended < n) {
		struct sockaddr_nl from = { 0 };
		unsigned char *buf = NULL;

		r = nl_recv(nl(sk), &from, &buf, NULL);
		if (r <= 0)
			return -EIO; /* no memory for the answer, or a broken socket */
		ended += (size_t) rt_read(a, buf, r);
		free(buf);
	}
	return a->result;
}

int rt_do(struct rt_sock *sk, struct rt_msg *owned_msg, char message[RT_MESSAGE_MAX])
{
	cleanup_(rt_msg_freep) struct rt_msg *msg = owned_msg;
	struct rt_answer a = { 0 };
	int r;

	r = rt_talk(sk, &msg, 1, &a);
	(void) snprintf(message, RT_MESSAGE_MAX, "%s", a.message);
	return r;
}

/* ---- transactions ---- */

void rt_batch_add(struct rt_batch *b, struct rt_msg *owned_msg)
{
	cleanup_(rt_msg_freep) struct rt_msg *msg = owned_msg;
	struct nlmsghdr *h = nlmsg_hdr(nm(msg));

	b->before = b->last;
	b->last = b->out.len;
	h->nlmsg_seq = ++b->n;
	buf_add(&b->out, h, h->nlmsg_len);
	while (b->out.len % NLMSG_ALIGNTO != 0)
		buf_addc(&b->out, '\0');
}

static void set_buffers(int fd, size_t n)
{
	const int want = (int) n + (1 << 16);
	const struct timeval limit = { .tv_sec = BATCH_LIMIT_S };

	(void) setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &want, sizeof(want));
	(void) setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof(want));
	(void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/* Whether the answer to the first or the last message but one is among these. */
static bool batch_ends(const struct rt_batch *b, const unsigned char *buf, int n)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *) (const void *) buf;

	for (; nlmsg_ok(h, n); h = nlmsg_next((struct nlmsghdr *) (uintptr_t) h, &n))
		if (h->nlmsg_type == NLMSG_ERROR && (h->nlmsg_seq == 1 || h->nlmsg_seq == b->n - 1))
			return true;
	return false;
}

int rt_batch_commit(struct rt_sock *sk, struct rt_batch *b, struct rt_answer *a)
{
	struct nlmsghdr *asked = (struct nlmsghdr *) (void *) (b->out.data + b->before);
	bool end = false;
	int r;

	assert(b->n > 2); /* begin, what is to be done, end */
	if (b->out.failed)
		return -E2BIG;
	asked->nlmsg_flags |= NLM_F_ACK;
	set_buffers(rt_fd(sk), b->out.len);
	if (send(rt_fd(sk), b->out.data, b->out.len, 0) < 0)
		return -errno;
	while (!end) {
		struct sockaddr_nl from = { 0 };
		unsigned char *buf = NULL;

		r = nl_recv(nl(sk), &from, &buf, NULL);
		if (r <= 0)
			return a->result < 0 ? a->result : -EIO;
		end = batch_ends(b, buf, r);
		(void) rt_read(a, buf, r);
		free(buf);
	}
	return a->result;
}

const struct nlmsghdr *rt_msg_head(const struct rt_msg *msg)
{
	return nlmsg_hdr(nm(msg));
}

/* ---- attributes ---- */

void rt_attrs_of(struct rt_attrs *a, const struct nlmsghdr *h, size_t head)
{
	a->at = nlmsg_attrdata(h, (int) head);
	a->left = nlmsg_attrlen(h, (int) head);
}

void rt_attrs_in(struct rt_attrs *a, const struct rt_attr *outer)
{
	a->at = outer->data;
	a->left = (int) outer->n;
}

bool rt_attrs_next(struct rt_attrs *a, struct rt_attr *ret)
{
	if (!nla_ok(a->at, a->left))
		return false;
	*ret = (struct rt_attr){ .type = nla_type(a->at),
				 .n = (size_t) nla_len(a->at),
				 .data = nla_data(a->at) };
	a->at = nla_next(a->at, &a->left);
	return true;
}

uint32_t rt_attr_u32(const struct rt_attr *a)
{
	uint32_t v = 0;

	if (a->n >= sizeof(v))
		memcpy(&v, a->data, sizeof(v));
	return v;
}

void rt_attr_str(const struct rt_attr *a, char *buf, size_t size)
{
	size_t n = strnlen(a->data, a->n);

	n = n < size ? n : size - 1;
	memcpy(buf, a->data, n);
	buf[n] = '\0';
}
