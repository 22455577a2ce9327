/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_index.h"

/* The year 10000: no time stamp can be printed from there on. */
#define US_END 253402300800000000ULL

void log_index_init(struct log_index *x, int fd, int log_fd)
{
	*x = (struct log_index){ .fd = fd, .log_fd = log_fd };
}

/* 1, or 0 at the end of the index. */
static int read_entry(struct log_index *x, struct log_index_entry *ret)
{
	ssize_t n;

	if (x->fd < 0)
		return 0;
	if (x->at == x->have) {
		x->number += x->have;
		x->at = x->have = 0;
		do {
			n = pread(x->fd, x->window, sizeof(x->window),
				  (off_t) (x->number * LOG_INDEX_ENTRY));
		} while (n < 0 && errno == EINTR);
		if (n < LOG_INDEX_ENTRY)
			return 0;
		x->have = (size_t) n / LOG_INDEX_ENTRY;
	}
	ret->offset = le64toh(x->window[x->at].offset);
	ret->stamp = le64toh(x->window[x->at].stamp);
	x->at++;
	return 1;
}

/* An entry is written when the log has grown to its offset. */
static bool is_in_log(struct log_index *x, uint64_t offset)
{
	struct stat st;

	if (offset > x->log_size && fstat(x->log_fd, &st) == 0)
		x->log_size = (uint64_t) st.st_size;
	return offset <= x->log_size;
}

static bool is_good(struct log_index *x, const struct log_index_entry *e)
{
	uint64_t us = e->stamp >> 1;

	return us > 0 && us < US_END && e->offset >= x->last && is_in_log(x, e->offset);
}

static struct log_mark mark_of(const struct log_index_entry *e)
{
	return (struct log_mark){ .us = e->stamp >> 1, .stream = e->stamp & 1 ? LOG_ERR : LOG_OUT };
}

/* 1: x->next is known. 0: the index has no more. */
static int look_ahead(struct log_index *x)
{
	struct log_index_entry e;

	while (!x->has_next) {
		if (read_entry(x, &e) == 0)
			return 0;
		if (!is_good(x, &e)) {
			x->bad = true;
			continue;
		}
		x->has_next = true;
		x->last = x->next_offset = e.offset;
		x->next = mark_of(&e);
	}
	return 1;
}

struct log_span log_index_at(struct log_index *x, uint64_t pos)
{
	struct log_span s = { .end = UINT64_MAX };

	while (look_ahead(x) > 0 && x->next_offset <= pos) {
		x->current = x->next;
		x->has_current = true;
		x->has_next = false;
		x->bad = false;
	}
	if (x->has_next)
		s.end = x->next_offset;
	if (x->has_current && !x->bad)
		s.mark = x->current;
	return s;
}

void log_index_seek(struct log_index *x, uint64_t pos)
{
	struct log_index_entry e;
	uint64_t low = 0, high, mid;
	struct stat st;

	log_index_init(x, x->fd, x->log_fd);
	if (x->fd < 0 || fstat(x->fd, &st) < 0)
		return;
	/* the first entry with a larger offset; in a damaged index any one */
	high = (uint64_t) st.st_size / LOG_INDEX_ENTRY;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (pread(x->fd, &e, sizeof(e), (off_t) (mid * LOG_INDEX_ENTRY)) != sizeof(e))
			break;
		if (le64toh(e.offset) <= pos)
			low = mid + 1;
		else
			high = mid;
	}
	x->number = low > 0 ? low - 1 : 0;
}
