/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BPF_H
#define KUKEON_BPF_H

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Programs of classic BPF (Documentation/networking/filter.rst) that judge Ethernet frames,
 * in direct action mode of tc-bpf(8): texts with labels, which bpf_append turns into
 * instructions. Texts are arrays of what the macros below give; labels are numbers from 1 on,
 * of the text alone, and behind all jumps that lead there.
 *
 * A load from behind the end of a frame ends a program with 0, which passes the frame: look
 * at the length first.
 */
enum {
	ON = 0, /* a jump to the next instruction */
	BPF_LABELS_MAX = 32,
};

#define BPF_IS_LABEL 0xffff /* no instruction has this code */
#define LABEL(name) BPF_STMT(BPF_IS_LABEL, (name))
#define GOTO(name) BPF_STMT(BPF_JMP | BPF_JA, (name))

#define LOAD(size, at) BPF_STMT(BPF_LD | BPF_ABS | (size), (uint32_t) (at))
#define LOAD_X(size, at) BPF_STMT(BPF_LD | BPF_IND | (size), (uint32_t) (at))
#define IPV4_HEADER_TO_X BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, ETH_HLEN) /* its length */
#define LENGTH BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)
#define NUMBER(k) BPF_STMT(BPF_LD | BPF_IMM, (k))
#define LESS_X BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0)
#define AND(mask) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (mask))
#define REMEMBER(slot) BPF_STMT(BPF_ST, (slot))
#define RECALL(slot) BPF_STMT(BPF_LD | BPF_MEM, (slot))

/* What was loaded last is k, at least k, more than k, has one of the bits of k. */
#define IF_EQ(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) (k), (yes), (no))
#define IF_GE(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t) (k), (yes), (no))
#define IF_GT(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t) (k), (yes), (no))
#define IF_BITS(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t) (k), (yes), (no))

/* Several instructions: a field of the frame has a value; an IPv6 address (16 bytes) is there. */
#define IF_FIELD(size, at, k, yes, no) LOAD(size, at), IF_EQ(k, yes, no)
#define IF_ADDR6(at, addr, yes, no)                                      \
	IF_FIELD(BPF_W, (at), bpf_word(addr), ON, no),                   \
		IF_FIELD(BPF_W, (at) + 4, bpf_word((addr) + 4), ON, no), \
		IF_FIELD(BPF_W, (at) + 8, bpf_word((addr) + 8), ON, no), \
		IF_FIELD(BPF_W, (at) + 12, bpf_word((addr) + 12), yes, no)
/* The frame has that many bytes. */
#define IF_LONG(n, yes, no) LENGTH, IF_GE(n, yes, no)

/* The verdict: linux/pkt_cls.h. NEXT leaves the frame to the next program. */
#define PASS BPF_STMT(BPF_RET | BPF_K, TC_ACT_OK)
#define DROP BPF_STMT(BPF_RET | BPF_K, TC_ACT_SHOT)
#define NEXT BPF_STMT(BPF_RET | BPF_K, (uint32_t) TC_ACT_UNSPEC)

/* Where things are in a frame. */
enum {
	ETHER_SOURCE = 6,
	ETHER_TYPE = 12,
	ARP_SENDER_MAC = ETH_HLEN + 8, /* RFC 826, for Ethernet and IPv4 */
	ARP_SENDER_IP = ETH_HLEN + 14,
	ARP_END = ETH_HLEN + 28,
	V4_FRAGMENT = ETH_HLEN + 6, /* RFC 791 */
	V4_PROTO = ETH_HLEN + 9,
	V4_SOURCE = ETH_HLEN + 12,
	V4_DEST = ETH_HLEN + 16,
	V4_END = ETH_HLEN + 20, /* without options */
	V6_NEXT = ETH_HLEN + 6, /* RFC 8200 */
	V6_SOURCE = ETH_HLEN + 8,
	V6_DEST = ETH_HLEN + 24,
	V6_END = ETH_HLEN + 40,
};

/* Four bytes of a frame or an address, as LOAD(BPF_W, …) gives them. */
static inline uint32_t bpf_word(const uint8_t *bytes)
{
	return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 |
	       bytes[3];
}

/*
 * Append the instructions of a text to a program of *n, which has room for at least n_text
 * more. A conditional jump leads over 255 instructions at most: that and the labels are the
 * caller's business (assertions).
 */
void bpf_append(struct sock_filter *program, uint16_t *n, const struct sock_filter *text,
		size_t n_text);

#endif
