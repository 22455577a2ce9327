/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_fence.h"
#include "mem.h"
#include "str.h"
#include "tc.h"
#include "vec.h"

/*
 * The kernel walks filters by priority, each of ours has one of its own. A fence is at
 * priorities from one of two numbers on, and its successor at those of the other.
 */
enum {
	SIDE_A = 1000,
	SIDE_B = 20000,
	SIDE_SIZE = 16000,
	AT_ONCE = 12, /* messages in a datagram to the kernel */
};

/* A filter that is there. */
struct standing {
	uint16_t priority;
	uint32_t handle;
	size_t size;
	uint8_t ops[FENCE_PROGRAM_MAX * sizeof(struct sock_filter)];
};

struct found {
	struct standing *v;
	size_t n;
};

static uint16_t side_of(uint16_t priority)
{
	if (priority >= SIDE_A && priority < SIDE_A + SIDE_SIZE)
		return SIDE_A;
	return priority >= SIDE_B && priority < SIDE_B + SIDE_SIZE ? SIDE_B : 0;
}

static int add_qdisc(struct rt_sock *sk, unsigned ifindex, struct kerr *err)
{
	char message[RT_MESSAGE_MAX];
	int r = rt_do(sk, tc_clsact_msg(ifindex), message);

	if (r == -ENOENT || r == -EOPNOTSUPP)
		return kerr_plain(err, -EOPNOTSUPP, "this kernel has no clsact%s", message);
	return r == -EEXIST ? 0 : r < 0 ? kerr_set(err, r, "filter at a bridge%s", message) : 0;
}

/* ---- filters that stand ---- */

static void read_options(const struct rt_attr *outer, struct standing *ret)
{
	struct rt_attrs attrs;
	struct rt_attr a;

	rt_attrs_in(&attrs, outer);
	while (rt_attrs_next(&attrs, &a))
		if (a.type == TCA_BPF_OPS && a.n <= sizeof(ret->ops)) {
			memcpy(ret->ops, a.data, a.n);
			ret->size = a.n;
		}
}

static void read_filter(void *ctx, const struct nlmsghdr *h)
{
	struct found *found = ctx;
	const struct tcmsg *head = rt_data(h);
	struct standing s = { .priority = (uint16_t) (head->tcm_info >> 16),
			      .handle = head->tcm_handle };
	struct rt_attrs attrs;
	struct rt_attr a;

	if (h->nlmsg_type != RTM_NEWTFILTER || side_of(s.priority) == 0)
		return;
	rt_attrs_of(&attrs, h, sizeof(*head));
	while (rt_attrs_next(&attrs, &a))
		if (a.type == TCA_OPTIONS)
			read_options(&a, &s);
	if (head->tcm_handle != 0) /* else it is the priority as such, not a filter */
		*(struct standing *) vec_grow(&found->v, &found->n, sizeof(*found->v)) = s;
}

static int by_priority(const void *a, const void *b)
{
	const struct standing *x = a, *y = b;

	return x->priority - y->priority;
}

static int list(struct rt_sock *sk, unsigned ifindex, struct found *ret, struct kerr *err)
{
	struct rt_answer a = { .item = read_filter, .ctx = ret };
	cleanup_(rt_msg_freep) struct rt_msg *msg =
		tc_filter_msg(RTM_GETTFILTER, NLM_F_DUMP, ifindex, 0);
	int r = rt_talk(sk, &msg, 1, &a);

	if (r == -EOPNOTSUPP || r == -EINVAL) /* no traffic control in this kernel */
		r = 0;
	if (r < 0)
		return kerr_set(err, r, "list the filters of a bridge%s", a.message);
	if (ret->n > 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_priority);
	return 0;
}

static bool is_last(const struct standing *s)
{
	const struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, TC_ACT_SHOT);

	return s->size == sizeof(drop) && memcmp(s->ops, &drop, sizeof(drop)) == 0;
}

/* The side that judges: the first that is complete. 0: none is. */
static uint16_t side_in_force(const struct found *found)
{
	for (size_t i = 0; i < found->n; i++)
		if (is_last(&found->v[i]))
			return side_of(found->v[i].priority);
	return 0;
}

static bool is_program(const struct standing *s, const struct fence_program *p)
{
	return s->size == p->n * sizeof(*p->v) && memcmp(s->ops, p->v, s->size) == 0;
}

/*
 * How many programs are not those of a fence, and which is the first; SIZE_MAX if there are more
 * or fewer, or they have other places.
 */
static size_t differing(const struct found *found, const struct fence *f, size_t *ret_first)
{
	uint16_t side = side_in_force(found);
	size_t n = 0;

	if (found->n != f->n)
		return SIZE_MAX;
	for (size_t i = f->n; i > 0; i--) {
		if (found->v[i - 1].priority != side + i - 1)
			return SIZE_MAX;
		if (!is_program(&found->v[i - 1], &f->v[i - 1])) {
			*ret_first = i - 1;
			n++;
		}
	}
	return n;
}

/* ---- changing it ---- */

struct messages {
	struct rt_msg **v;
	size_t n;
};

static void add(struct messages *m, struct rt_msg *msg)
{
	*(struct rt_msg **) vec_grow(&m->v, &m->n, sizeof(struct rt_msg *)) = msg;
}

/* Its last program, which drops, goes first: packets go on to the next fence. */
static void add_removal(struct messages *m, unsigned ifindex, const struct found *found,
			uint16_t side)
{
	for (size_t i = found->n; i > 0; i--)
		if (side_of(found->v[i - 1].priority) == side)
			add(m, tc_filter_msg(RTM_DELTFILTER, 0, ifindex, found->v[i - 1].priority));
}

static int send_all(struct rt_sock *sk, struct messages *m, struct kerr *err)
{
	struct rt_answer a = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n; i += AT_ONCE)
		r = rt_talk(sk, m->v + i, m->n - i < AT_ONCE ? m->n - i : AT_ONCE, &a);
	for (size_t i = 0; i < m->n; i++)
		rt_msg_freep(&m->v[i]);
	free(m->v);
	if (r == -ENOENT || r == -EOPNOTSUPP)
		return kerr_plain(err, -EOPNOTSUPP, "this kernel has no cls_bpf%s", a.message);
	return r < 0 ? kerr_set(err, r, "filter at a bridge%s", a.message) : 0;
}

/* Where one program differs, it alone is replaced: mostly one that lets one more address pass. */
static int change_one(struct rt_sock *sk, unsigned ifindex, const struct standing *old,
		      const struct fence_program *new, struct kerr *err)
{
	struct messages m = { 0 };

	add(&m, tc_bpf_msg(ifindex, old->priority, old->handle, new->v, new->n));
	return send_all(sk, &m, err);
}

static int change(struct rt_sock *sk, unsigned ifindex, const struct found *found,
		  const struct fence *f, struct kerr *err)
{
	uint16_t old = side_in_force(found), new = old == SIDE_A ? SIDE_B : SIDE_A;
	struct messages m = { 0 };

	add_removal(&m, ifindex, found, new); /* what an interrupted change left */
	for (size_t i = 0; i < f->n; i++)
		add(&m, tc_bpf_msg(ifindex, (uint32_t) (new + i), 0, f->v[i].v, f->v[i].n));
	add_removal(&m, ifindex, found, old ? old : (uint16_t) (SIDE_A + SIDE_B - new));
	return send_all(sk, &m, err);
}

/* -ENODEV without a message. */
static int look(struct rt_sock *sk, const char *bridge, struct found *ret, unsigned *ret_ifindex,
		struct kerr *err)
{
	*ret_ifindex = if_nametoindex(bridge);
	return *ret_ifindex > 0 ? list(sk, *ret_ifindex, ret, err) : -ENODEV;
}

int bridge_fence_set(struct rt_sock *sk, const char *bridge, const struct fence *f,
		     struct kerr *err)
{
	struct found found = { 0 };
	size_t first = 0, n = 0;
	unsigned ifindex;
	int r;

	if (f->n > SIDE_SIZE)
		return kerr_plain(err, -E2BIG, "the egress policy is too long for a fence");
	r = look(sk, bridge, &found, &ifindex, err);
	if (r == 0)
		n = differing(&found, f, &first);
	if (n > 0 && found.n == 0)
		r = add_qdisc(sk, ifindex, err);
	if (r == 0 && n == 1)
		r = change_one(sk, ifindex, &found.v[first], &f->v[first], err);
	else if (r == 0 && n > 1)
		r = change(sk, ifindex, &found, f, err);
	if (r == 0 && n > 0)
		r = 1;
	free(found.v);
	return r;
}

int bridge_fence_differs(struct rt_sock *sk, const char *bridge, const struct fence *f,
			 struct kerr *err)
{
	struct found found = { 0 };
	size_t first = 0;
	unsigned ifindex;
	int r = look(sk, bridge, &found, &ifindex, err);

	if (r == 0)
		r = differing(&found, f, &first) > 0;
	free(found.v);
	return r;
}
