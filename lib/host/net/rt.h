/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RT_H
#define KUKEON_RT_H

#include <linux/rtnetlink.h>

#include "buf.h"
#include "defs.h"
#include "err.h"

/* What follows the header of a message. NLMSG_DATA() of <linux/netlink.h> drops the const. */
static inline const void *rt_data(const struct nlmsghdr *h)
{
	return (const char *) h + NLMSG_HDRLEN;
}

/*
 * Requests to rtnetlink(7) and nfnetlink, and their replies, on top of libnl. Our messages
 * have at most one page; one that does not fit is a bug and aborts the process.
 */
struct rt_sock;
struct rt_msg;

enum {
	RT_MESSAGE_MAX = 128,
};

/* Open in the caller's network namespace; the socket stays in it. */
int rt_open(struct rt_sock **ret, struct kerr *err);
/* The same for nfnetlink. -EPROTONOSUPPORT if the kernel has none. */
int rt_open_netfilter(struct rt_sock **ret, struct kerr *err);
void rt_sock_freep(struct rt_sock **sk);
/* For ioctl(2). */
int rt_fd(const struct rt_sock *sk);

/* A request with its fixed header; the caller adds attributes. */
struct rt_msg *rt_msg_new(int type, int flags, const void *head, size_t n)
	__attribute__((returns_nonnull));
void rt_msg_freep(struct rt_msg **msg);
void rt_append(struct rt_msg *msg, const void *data, size_t n);
void rt_put(struct rt_msg *msg, int type, const void *data, size_t n);
void rt_put_str(struct rt_msg *msg, int type, const char *s);
void rt_put_u32(struct rt_msg *msg, int type, uint32_t v);
/* Attributes up to rt_nest_end are within this one. */
struct nlattr *rt_nest(struct rt_msg *msg, int type) __attribute__((returns_nonnull));
void rt_nest_end(struct rt_msg *msg, struct nlattr *nest);

struct rt_answer {
	/* called for each reply; NULL: only results matter */
	void (*item)(void *ctx, const struct nlmsghdr *h);
	void *ctx;
	int result; /* of the first request that failed */
	char message[RT_MESSAGE_MAX]; /* the kernel's, " (…)" or "" */
};

/* Send requests in one datagram and read until each is answered. Returns a->result. */
int rt_talk(struct rt_sock *sk, struct rt_msg *const *msgs, size_t n, struct rt_answer *a);
/* Send one request that only returns a result. Consumes the message. */
int rt_do(struct rt_sock *sk, struct rt_msg *owned_msg, char message[RT_MESSAGE_MAX]);

/*
 * A transaction of nfnetlink (linux/netfilter/nfnetlink.h): between NFNL_MSG_BATCH_BEGIN
 * and NFNL_MSG_BATCH_END, all messages take effect or none.
 */
struct rt_batch {
	struct buf out;
	uint32_t n;
	size_t last, before; /* offsets of the last message, and of the one before it */
};

#define RT_BATCH_MAX ((size_t) 256 << 20) /* the kernel copies it as a whole */
#define RT_BATCH_INIT                         \
	{                                     \
		.out = BUF_INIT(RT_BATCH_MAX) \
	}

/* Consumes the message. */
void rt_batch_add(struct rt_batch *b, struct rt_msg *owned_msg);
static inline void rt_batch_clear(struct rt_batch *b)
{
	buf_clear(&b->out);
}
/* Sends a batch with its begin and end. Returns a->result, of the first message that failed. */
int rt_batch_commit(struct rt_sock *sk, struct rt_batch *b, struct rt_answer *a);

/* The message as it stands, for reading it; the message's. */
const struct nlmsghdr *rt_msg_head(const struct rt_msg *msg);

/* Iterates over the attributes after a message's fixed header, or within an attribute. */
struct rt_attrs {
	const struct nlattr *at;
	int left;
};

struct rt_attr {
	int type;
	size_t n;
	const void *data; /* of the message */
};

void rt_attrs_of(struct rt_attrs *a, const struct nlmsghdr *h, size_t head);
void rt_attrs_in(struct rt_attrs *a, const struct rt_attr *outer);
bool rt_attrs_next(struct rt_attrs *a, struct rt_attr *ret);
/* The value, 0 if the attribute is too short. */
uint32_t rt_attr_u32(const struct rt_attr *a);
/* Copy a string, truncated to size. */
void rt_attr_str(const struct rt_attr *a, char *buf, size_t size);

#endif
