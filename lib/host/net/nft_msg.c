/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "nft_msg.h"

struct rt_msg *nft_msg_new(int type, int flags, int family)
{
	const struct nfgenmsg head = { .nfgen_family = (uint8_t) family, .version = NFNETLINK_V0 };

	return rt_msg_new(NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_REQUEST | flags, &head,
			  sizeof(head));
}

void nft_put_u32(struct rt_msg *msg, int type, uint32_t v)
{
	rt_put_u32(msg, type, htonl(v));
}

void nft_put_u64(struct rt_msg *msg, int type, uint64_t v)
{
	v = htobe64(v);
	rt_put(msg, type, &v, sizeof(v));
}

uint32_t nft_attr_u32(const struct rt_attr *a)
{
	return ntohl(rt_attr_u32(a));
}

uint64_t nft_attr_u64(const struct rt_attr *a)
{
	uint64_t v = 0;

	if (a->n >= sizeof(v))
		memcpy(&v, a->data, sizeof(v));
	return be64toh(v);
}

int nft_family(const struct nlmsghdr *h)
{
	return ((const struct nfgenmsg *) rt_data(h))->nfgen_family;
}

void nft_attrs_of(struct rt_attrs *a, const struct nlmsghdr *h)
{
	rt_attrs_of(a, h, sizeof(struct nfgenmsg));
}

/* ---- lists ---- */

struct listing {
	void (*item)(void *ctx, const struct nlmsghdr *h);
	void *ctx;
	bool interrupted;
};

static void list_item(void *ctx, const struct nlmsghdr *h)
{
	struct listing *l = ctx;

	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		l->interrupted = true;
	if (h->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES &&
	    h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		l->item(l->ctx, h);
}

int nft_list(struct rt_sock *sk, struct rt_msg *owned_msg,
	     void (*item)(void *ctx, const struct nlmsghdr *h), void *ctx)
{
	cleanup_(rt_msg_freep) struct rt_msg *msg = owned_msg;
	struct listing l = { .item = item, .ctx = ctx };
	struct rt_answer a = { .item = list_item, .ctx = &l };
	int r = rt_talk(sk, &msg, 1, &a);

	return r == 0 && l.interrupted ? -EINTR : r;
}

static void generation_item(void *ctx, const struct nlmsghdr *h)
{
	uint32_t *ret = ctx;
	struct rt_attrs attrs;
	struct rt_attr a;

	nft_attrs_of(&attrs, h);
	while (rt_attrs_next(&attrs, &a))
		if (a.type == NFTA_GEN_ID)
			*ret = nft_attr_u32(&a);
}

int nft_generation(struct rt_sock *sk, uint32_t *ret)
{
	return nft_list(sk, nft_msg_new(NFT_MSG_GETGEN, NLM_F_ACK, NFPROTO_UNSPEC), generation_item,
			ret);
}

/* ---- transactions ---- */

static struct rt_msg *batch_msg(int type)
{
	const struct nfgenmsg head = { .nfgen_family = NFPROTO_UNSPEC,
				       .version = NFNETLINK_V0,
				       .res_id = htons(NFNL_SUBSYS_NFTABLES) };

	return rt_msg_new(type, NLM_F_REQUEST, &head, sizeof(head));
}

void nft_batch_begin(struct rt_batch *b, uint32_t generation)
{
	struct rt_msg *msg = batch_msg(NFNL_MSG_BATCH_BEGIN);

	nft_put_u32(msg, NFNL_BATCH_GENID, generation);
	rt_batch_add(b, msg);
}

void nft_batch_begin_any(struct rt_batch *b)
{
	rt_batch_add(b, batch_msg(NFNL_MSG_BATCH_BEGIN));
}

int nft_batch_commit(struct rt_sock *sk, struct rt_batch *b, char message[RT_MESSAGE_MAX])
{
	struct rt_answer a = { 0 };
	int r;

	rt_batch_add(b, batch_msg(NFNL_MSG_BATCH_END));
	r = rt_batch_commit(sk, b, &a);
	(void) snprintf(message, RT_MESSAGE_MAX, "%s", a.message);
	return r;
}
