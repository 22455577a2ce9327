/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NFT_MSG_H
#define KUKEON_NFT_MSG_H

#include "err.h"
#include "rt.h"

/*
 * Messages of nf_tables (linux/netfilter/nf_tables.h), whose numbers are in network
 * order, and what its tables hold. A family is an NFPROTO_ of linux/netfilter.h.
 */
struct rt_msg *nft_msg_new(int type, int flags, int family) __attribute__((returns_nonnull));
void nft_put_u32(struct rt_msg *msg, int type, uint32_t v);
void nft_put_u64(struct rt_msg *msg, int type, uint64_t v);
uint32_t nft_attr_u32(const struct rt_attr *a);
uint64_t nft_attr_u64(const struct rt_attr *a);

int nft_family(const struct nlmsghdr *h); /* of the table that the message is about */
void nft_attrs_of(struct rt_attrs *a, const struct nlmsghdr *h);

/*
 * Ask for a list; item is called for each part. -EINTR if it was changed meanwhile and
 * may be neither the old one nor the new one. Consumes the message.
 */
int nft_list(struct rt_sock *sk, struct rt_msg *owned_msg,
	     void (*item)(void *ctx, const struct nlmsghdr *h), void *ctx);

/* The generation of this namespace's rules; another one after each change of any of them. */
int nft_generation(struct rt_sock *sk, uint32_t *ret);

/* A transaction that fails with -ERESTART unless the generation is still that one. */
void nft_batch_begin(struct rt_batch *b, uint32_t generation);
/* One for any generation. */
void nft_batch_begin_any(struct rt_batch *b);
int nft_batch_commit(struct rt_sock *sk, struct rt_batch *b, char message[RT_MESSAGE_MAX]);

#endif
