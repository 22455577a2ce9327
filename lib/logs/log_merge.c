/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "log_merge.h"
#include "mem.h"
#include "vec.h"

struct source {
	struct log_reader *r;
	struct log_piece head; /* n 0: none */
	struct log_place before; /* of head */
	uint64_t time; /* by which its next line is ordered */
	bool dry; /* it had no more when it was last asked */
};

struct log_merge {
	struct source *v;
	size_t n;
	size_t last; /* whose line was given last */
	bool in_line; /* that line has not ended */
};

struct log_merge *log_merge_new(void)
{
	return xcalloc(1, sizeof(struct log_merge));
}

struct log_merge *log_merge_free(struct log_merge *m)
{
	if (!m)
		return NULL;
	for (size_t i = 0; i < m->n; i++)
		log_reader_free(m->v[i].r);
	free(m->v);
	free(m);
	return NULL;
}

size_t log_merge_add(struct log_merge *m, struct log_reader *owned_r)
{
	struct source *s = vec_grow(&m->v, &m->n, sizeof(*s));

	s->r = owned_r;
	return m->n - 1;
}

void log_merge_set(struct log_merge *m, size_t which, struct log_reader *owned_r)
{
	log_reader_free(m->v[which].r);
	m->v[which] = (struct source){ .r = owned_r };
}

struct log_reader *log_merge_reader(const struct log_merge *m, size_t which)
{
	return m->v[which].r;
}

static int look(struct source *s, struct kerr *err)
{
	int r;

	if (!s->r || s->head.n > 0 || s->dry)
		return 0;
	log_reader_place(s->r, &s->before);
	r = log_reader_next(s->r, &s->head, err);
	if (r < 0)
		return r;
	s->dry = r == 0;
	if (r == 0)
		s->head.n = 0;
	else if (s->head.begins && s->head.mark.us > s->time)
		s->time = s->head.mark.us;
	return 0;
}

static bool goes_on(const struct log_merge *m)
{
	const struct source *s = &m->v[m->last];

	return m->in_line && s->head.n > 0 && !s->head.begins;
}

int log_merge_next(struct log_merge *m, struct log_piece *ret, size_t *ret_which, struct kerr *err)
{
	struct source *first = NULL;
	int r;

	for (size_t i = 0; i < m->n; i++) {
		r = look(&m->v[i], err);
		if (r < 0)
			return r;
		if (m->v[i].head.n > 0 && (!first || m->v[i].time < first->time))
			first = &m->v[i];
	}
	if (first && goes_on(m))
		first = &m->v[m->last];
	if (!first)
		return 0;
	*ret = first->head;
	*ret_which = m->last = (size_t) (first - m->v);
	m->in_line = !first->head.ends;
	first->head.n = 0;
	return 1;
}

void log_merge_place(const struct log_merge *m, size_t which, struct log_place *ret)
{
	const struct source *s = &m->v[which];

	if (s->head.n > 0)
		*ret = s->before;
	else if (s->r)
		log_reader_place(s->r, ret);
	else
		*ret = (struct log_place){ 0 };
}

void log_merge_wake(struct log_merge *m, size_t which)
{
	m->v[which].dry = false;
}

bool log_merge_holds(const struct log_merge *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].r && log_reader_holds(m->v[i].r))
			return true;
	return false;
}

void log_merge_flush(struct log_merge *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].r && log_reader_holds(m->v[i].r)) {
			log_reader_flush(m->v[i].r);
			m->v[i].dry = false;
		}
}
