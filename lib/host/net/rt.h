/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RT_H
#define KUKEON_RT_H

#include <linux/rtnetlink.h>

#include "defs.h"
#include "err.h"

/*
 * Requests to rtnetlink and what it answers; libnl below. Messages are ours and of a
 * page at most: that one cannot be made is a bug, and ends the process.
 */
struct rt_sock;
struct rt_msg;

enum {
	RT_WORDS_MAX = 128,
};

/* In the network namespace of the caller, and it stays there. */
int rt_open(struct rt_sock **ret, struct kerr *err);
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
	void (*item)(void *ctx, const struct nlmsghdr *h); /* NULL: only the results count */
	void *ctx;
	int result; /* of the first request that failed */
	char words[RT_WORDS_MAX]; /* the kernel's, " (…)" or "" */
};

/* Send requests in one datagram and read until each has its end. Returns a->result. */
int rt_talk(struct rt_sock *sk, struct rt_msg *const *msgs, size_t n, struct rt_answer *a);
/* One request without an answer but its result. Consumes the message. */
int rt_do(struct rt_sock *sk, struct rt_msg *owned_msg, char words[RT_WORDS_MAX]);

/* The attributes of a message behind its fixed header, or of another attribute. */
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
/* 0 for one that is shorter. */
uint32_t rt_attr_u32(const struct rt_attr *a);
/* Cut to what fits. */
void rt_attr_str(const struct rt_attr *a, char *buf, size_t size);

#endif
