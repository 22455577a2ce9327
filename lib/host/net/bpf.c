/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <stdbool.h>

#include "bpf.h"

static bool is_label(const struct sock_filter *f)
{
	return f->code == BPF_IS_LABEL;
}

/* Which instruction follows each label. */
static void find_labels(const struct sock_filter *text, size_t n, uint32_t at[BPF_LABELS_MAX])
{
	uint32_t i = 0;

	for (size_t k = 0; k < n; k++) {
		if (!is_label(&text[k])) {
			i++;
			continue;
		}
		assert(text[k].k > 0 && text[k].k < BPF_LABELS_MAX);
		at[text[k].k] = i;
	}
}

/* From behind instruction i. */
static uint32_t distance(const uint32_t at[BPF_LABELS_MAX], uint32_t label, uint32_t i)
{
	if (label == ON)
		return 0;
	assert(label < BPF_LABELS_MAX && at[label] > i);
	return at[label] - i - 1;
}

static void link_jump(struct sock_filter *f, const uint32_t at[BPF_LABELS_MAX], uint32_t i)
{
	uint32_t yes, no;

	if (BPF_OP(f->code) == BPF_JA) {
		f->k = distance(at, f->k, i);
		return;
	}
	yes = distance(at, f->jt, i);
	no = distance(at, f->jf, i);
	assert(yes <= UINT8_MAX && no <= UINT8_MAX);
	f->jt = (uint8_t) yes;
	f->jf = (uint8_t) no;
}

void bpf_append(struct sock_filter *program, uint16_t *n, const struct sock_filter *text,
		size_t n_text)
{
	uint32_t at[BPF_LABELS_MAX] = { 0 };
	uint32_t i = 0;

	find_labels(text, n_text, at);
	for (size_t k = 0; k < n_text; k++) {
		struct sock_filter *f = &program[*n];

		if (is_label(&text[k]))
			continue;
		*f = text[k];
		if (BPF_CLASS(f->code) == BPF_JMP)
			link_jump(f, at, i);
		i++;
		(*n)++;
	}
}
