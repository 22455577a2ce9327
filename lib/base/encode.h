/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENCODE_H
#define KUKEON_ENCODE_H

#include "buf.h"
#include "defs.h"

/*
 * Bytes as text, by nettle: standard base64 with padding (RFC 4648 section 4) and
 * lower-case hex. Decoding is as lenient as Go's: line ends are skipped, and the bits
 * that padding leaves unused may have any value.
 */
void base64_encode(struct buf *out, const void *p, size_t n);
/* -EINVAL; what was decoded before the error stays appended to out. */
int base64_decode(struct buf *out, const char *s, size_t n);

/* Decode a string that arrives in pieces, one character at a time. */
struct base64_decoder;

struct base64_decoder *base64_decoder_new(void) __attribute__((returns_nonnull));
struct base64_decoder *base64_decoder_free(struct base64_decoder *d);
/* 1 with a byte in *ret, 0 if no byte is complete yet, -EINVAL for an invalid character. */
int base64_decoder_put(struct base64_decoder *d, unsigned char c, unsigned char *ret);
/* Whether the string may end here: its last group of four is complete. */
bool base64_decoder_complete(const struct base64_decoder *d);

/* Hex of n bytes and a NUL; out has room for 2 * n + 1. */
void hex_encode(char *out, const void *p, size_t n);

#endif
