/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "firewall_expr.h"
#include "nft_sets.h"
#include "str.h"
#include "vec.h"

#define FAMILY NFPROTO_INET
#define ELEMENTS_AT_ONCE 16 /* in one message, which has a page: comments may be long */

/* What keys of the two families are called, which only nft(8) looks at (its datatype.h). */
#define TYPE_IPADDR 7
#define TYPE_IP6ADDR 8

static uint32_t key_type(enum ipnet_family family)
{
	return family == IPNET_V4 ? TYPE_IPADDR : TYPE_IP6ADDR;
}

static uint32_t key_len(enum ipnet_family family)
{
	return family == IPNET_V4 ? 4 : 16;
}

/* ---- reading ---- */

struct reading {
	const char *table;
	struct nft_sets *sets;
	struct nft_set *set; /* whose elements are read */
};

static void set_item(void *ctx, const struct nlmsghdr *h)
{
	const struct reading *rd = ctx;
	char table[NFT_SET_NAME_LEN] = "";
	struct nft_set set = { 0 };
	struct rt_attrs attrs;
	struct rt_attr a;

	nft_attrs_of(&attrs, h);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == NFTA_SET_NAME)
			rt_attr_str(&a, set.name, sizeof(set.name));
		else if (a.type == NFTA_SET_TABLE)
			rt_attr_str(&a, table, sizeof(table));
		else if (a.type == NFTA_SET_FLAGS)
			set.flags = nft_attr_u32(&a);
		else if (a.type == NFTA_SET_KEY_TYPE)
			set.key_type = nft_attr_u32(&a);
	}
	if (streq(table, rd->table))
		*(struct nft_set *) vec_grow(&rd->sets->v, &rd->sets->n, sizeof(*rd->sets->v)) =
			set;
}

static void read_key(const struct rt_attr *outer, struct nft_element *ret)
{
	struct rt_attrs attrs;
	struct rt_attr a;

	rt_attrs_in(&attrs, outer);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type != NFTA_DATA_VALUE || (a.n != 4 && a.n != 16))
			continue;
		ret->addr.family = a.n == 4 ? IPNET_V4 : IPNET_V6;
		ret->addr.prefix = ipnet_bits(ret->addr.family);
		memcpy(ret->addr.addr, a.data, a.n);
	}
}

static void read_element(const struct rt_attr *outer, struct nft_set *set)
{
	struct nft_element *el = vec_grow(&set->v, &set->n, sizeof(*set->v));
	struct rt_attrs attrs;
	struct rt_attr a;

	el->left_ms = INT64_MAX;
	rt_attrs_in(&attrs, outer);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == NFTA_SET_ELEM_KEY)
			read_key(&a, el);
		else if (a.type == NFTA_SET_ELEM_EXPIRATION)
			el->left_ms = (int64_t) nft_attr_u64(&a);
	}
}

static void elements_item(void *ctx, const struct nlmsghdr *h)
{
	const struct reading *rd = ctx;
	struct rt_attrs attrs, list;
	struct rt_attr a, elem;

	nft_attrs_of(&attrs, h);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		rt_attrs_in(&list, &a);
		while (rt_attrs_next(&list, &elem))
			read_element(&elem, rd->set);
	}
}

static int by_addr(const void *a, const void *b)
{
	const struct nft_element *x = a, *y = b;

	return ipnet_cmp(&x->addr, &y->addr);
}

/* A table that the kernel enlarges meanwhile is listed from its beginning again. */
static void sort_elements(struct nft_set *set)
{
	size_t n = 0;

	if (set->n > 0)
		qsort(set->v, set->n, sizeof(*set->v), by_addr);
	for (size_t i = 0; i < set->n; i++)
		if (n == 0 || by_addr(&set->v[n - 1], &set->v[i]) != 0)
			set->v[n++] = set->v[i];
	set->n = n;
}

static int read_elements(struct rt_sock *sk, struct reading *rd)
{
	struct rt_msg *msg = nft_msg_new(NFT_MSG_GETSETELEM, NLM_F_DUMP, FAMILY);
	int r;

	rt_put_str(msg, NFTA_SET_ELEM_LIST_TABLE, rd->table);
	rt_put_str(msg, NFTA_SET_ELEM_LIST_SET, rd->set->name);
	r = nft_list(sk, msg, elements_item, rd);
	sort_elements(rd->set);
	return r == -ENOENT ? -EINTR : r;
}

int nft_sets_read(struct rt_sock *sk, const char *table, struct nft_sets *ret, struct kerr *err)
{
	struct reading rd = { .table = table, .sets = ret };
	struct rt_msg *msg = nft_msg_new(NFT_MSG_GETSET, NLM_F_DUMP, FAMILY);
	int r;

	*ret = (struct nft_sets){ 0 };
	rt_put_str(msg, NFTA_SET_TABLE, table);
	r = nft_list(sk, msg, set_item, &rd);
	for (size_t i = 0; r == 0 && i < ret->n; i++) {
		rd.set = &ret->v[i];
		if (rd.set->flags & NFT_SET_TIMEOUT)
			r = read_elements(sk, &rd);
	}
	if (r < 0)
		nft_sets_clear(ret);
	return r < 0 && r != -EINTR
		       ? kerr_set(err, r, "list the sets of the nftables table '%s'", table)
		       : r;
}

void nft_sets_clear(struct nft_sets *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].v);
	free(s->v);
	*s = (struct nft_sets){ 0 };
}

const struct nft_set *nft_sets_find(const struct nft_sets *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (streq(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

/* ---- comparing ---- */

bool nft_set_fits(const struct nft_set *have, const struct firewall_set *want)
{
	return have->flags == NFT_SET_TIMEOUT && have->key_type == key_type(want->family);
}

bool nft_set_eq(const struct nft_set *have, const struct firewall_set *want, int64_t now_ms)
{
	if (have->n != want->n)
		return false;
	for (size_t i = 0; i < want->n; i++)
		if (!ipnet_eq(&have->v[i].addr, &want->v[i].addr) ||
		    have->v[i].left_ms < want->v[i].until_ms - now_ms)
			return false;
	return true;
}

/* ---- writing ---- */

static struct rt_msg *set_msg(int type, int flags, const char *table, const char *name)
{
	struct rt_msg *msg = nft_msg_new(type, flags, FAMILY);

	rt_put_str(msg, NFTA_SET_TABLE, table);
	rt_put_str(msg, NFTA_SET_NAME, name);
	return msg;
}

static struct rt_msg *elements_msg(int type, int flags, const char *table, const char *name)
{
	struct rt_msg *msg = nft_msg_new(type, flags, FAMILY);

	rt_put_str(msg, NFTA_SET_ELEM_LIST_TABLE, table);
	rt_put_str(msg, NFTA_SET_ELEM_LIST_SET, name);
	return msg;
}

void nft_set_create(struct rt_batch *b, const char *table, const struct firewall_set *set)
{
	struct rt_msg *msg = set_msg(NFT_MSG_NEWSET, NLM_F_CREATE, table, set->name);

	nft_put_u32(msg, NFTA_SET_FLAGS, NFT_SET_TIMEOUT);
	nft_put_u32(msg, NFTA_SET_KEY_TYPE, key_type(set->family));
	nft_put_u32(msg, NFTA_SET_KEY_LEN, key_len(set->family));
	nft_put_u32(msg, NFTA_SET_ID, 1);
	rt_batch_add(b, msg);
}

static void put_member(struct rt_msg *msg, const struct firewall_member *m, int64_t now_ms)
{
	struct nlattr *elem = rt_nest(msg, NFTA_LIST_ELEM), *key = rt_nest(msg, NFTA_SET_ELEM_KEY);
	int64_t left = m->until_ms > now_ms ? m->until_ms - now_ms : 0;

	rt_put(msg, NFTA_DATA_VALUE, m->addr.addr, key_len(m->addr.family));
	rt_nest_end(msg, key);
	nft_put_u64(msg, NFTA_SET_ELEM_TIMEOUT, (uint64_t) (left + FIREWALL_MEMBER_SPARE_MS));
	if (m->comment)
		firewall_expr_put_comment(msg, NFTA_SET_ELEM_USERDATA, m->comment);
	rt_nest_end(msg, elem);
}

void nft_set_extend(struct rt_batch *b, const char *table, const struct firewall_set *set,
		    int64_t now_ms)
{
	for (size_t i = 0; i < set->n;) {
		struct rt_msg *msg =
			elements_msg(NFT_MSG_NEWSETELEM, NLM_F_CREATE, table, set->name);
		struct nlattr *list = rt_nest(msg, NFTA_SET_ELEM_LIST_ELEMENTS);

		for (size_t k = 0; k < ELEMENTS_AT_ONCE && i < set->n; k++, i++)
			put_member(msg, &set->v[i], now_ms);
		rt_nest_end(msg, list);
		rt_batch_add(b, msg);
	}
}

/* A deletion of elements that names none is of all. */
void nft_set_replace(struct rt_batch *b, const char *table, const struct firewall_set *set,
		     int64_t now_ms)
{
	rt_batch_add(b, elements_msg(NFT_MSG_DELSETELEM, 0, table, set->name));
	nft_set_extend(b, table, set, now_ms);
}

void nft_set_delete(struct rt_batch *b, const char *table, const char *name)
{
	rt_batch_add(b, set_msg(NFT_MSG_DELSET, 0, table, name));
}
