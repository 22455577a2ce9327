/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "encode.h"
#include "fd.h"
#include "mem.h"
#include "stream.h"

void stream_init(struct stream *s, uint64_t max)
{
	s->fd = -EBADF;
	s->decoder = NULL;
	s->max = max;
	s->size = 0;
	s->failed = (struct kerr){ 0 };
}

void stream_clear(struct stream *s)
{
	fd_close_p(&s->fd);
	s->decoder = base64_decoder_free(s->decoder);
	stream_init(s, s->max);
}

/* Create an unnamed file: O_TMPFILE, or create and unlink on file systems without it. */
static int nameless_file(const char *dir)
{
	cleanup_free char *name = NULL;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd < 0 ? -errno : fd;
	name = xasprintf("%s/.tmp-XXXXXX", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void) unlink(name);
	return fd;
}

void stream_begin(struct stream *s, const char *dir)
{
	stream_clear(s);
	s->chars = 0;
	s->decoder = base64_decoder_new();
	s->escape = 0;
	s->n = 0;
	s->fd = nameless_file(dir);
	if (s->fd < 0)
		(void) kerr_set(&s->failed, s->fd, "make a file in '%s'", dir);
}

static void flush(struct stream *s)
{
	int r;

	if (s->n == 0 || s->failed.msg[0])
		return;
	r = fd_write_all(s->fd, s->out, s->n);
	if (r < 0)
		(void) kerr_set(&s->failed, r, "write request to disk");
	s->n = 0;
}

static void put(struct stream *s, unsigned char byte)
{
	if (s->size >= s->max) {
		(void) kerr_plain(&s->failed, -EFBIG, "request is larger than %" PRIu64 " bytes",
				  s->max);
		return;
	}
	if (s->n == sizeof(s->out))
		flush(s);
	s->out[s->n++] = byte;
	s->size++;
}

static void bad_character(struct stream *s, uint64_t at)
{
	/* The message of Go's encoding/base64, as upstream's server sends it. */
	(void) kerr_plain(&s->failed, -EINVAL, "illegal base64 data at input byte %" PRIu64, at);
}

/* Decode one character of the string. */
static void character(struct stream *s, unsigned c)
{
	unsigned char byte;
	int r;

	s->chars++;
	if (s->failed.msg[0])
		return;
	r = c > 0x7f ? -EINVAL : base64_decoder_put(s->decoder, (unsigned char) c, &byte);
	if (r < 0)
		bad_character(s, s->chars - 1);
	else if (r > 0)
		put(s, byte);
}

/* Decode an escape; the scanner has checked its syntax. */
static void escaped(struct stream *s, char c)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *at;

	if (s->escape == 1) {
		if (c == 'u') {
			s->escape = 2;
			s->escape_value = 0;
			return;
		}
		at = strchr(from, c);
		s->escape = 0;
		character(s, at ? (unsigned char) to[at - from] : (unsigned char) c);
		return;
	}
	s->escape_value =
		s->escape_value << 4 | (unsigned) (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	if (++s->escape == 6) {
		s->escape = 0;
		character(s, s->escape_value);
	}
}

void stream_add(struct stream *s, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s->escape > 0)
			escaped(s, p[i]);
		else if (p[i] == '\\')
			s->escape = 1;
		else
			character(s, (unsigned char) p[i]);
	}
}

void stream_end(struct stream *s)
{
	if (!s->failed.msg[0] && !base64_decoder_complete(s->decoder))
		bad_character(s, s->chars);
	flush(s);
	if (!s->failed.msg[0] && lseek(s->fd, 0, SEEK_SET) < 0)
		(void) kerr_set(&s->failed, -errno, "rewind the request's file");
}
