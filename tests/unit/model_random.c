/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "field.h"
#include "model.h"
#include "model_random.h"

#include "mem.h"
#include "str.h"

static const char *const texts[] = {
	"a",
	"",
	"8080",
	"true",
	"1.5",
	"2026-01-01",
	"~",
	"null",
	"yes",
	"on",
	"y",
	"0755",
	"0o17",
	"0x10",
	"1:20",
	"-",
	"- x",
	"#",
	"a #b",
	"a: b",
	"a:b",
	": ",
	"?",
	"? a",
	"!x",
	"&a",
	"*a",
	"{}",
	"[a]",
	"'",
	"it's",
	"\"q\"",
	"%",
	"@",
	"`",
	"|",
	">",
	"---",
	"--- a",
	"...",
	"<<",
	"=",
	" lead",
	"trail ",
	"a\nb",
	"a\nb\n",
	"a\nb\n\n",
	"\na",
	"\n",
	"\n\n",
	" a\nb",
	"  a\n b\n",
	"a \nb",
	"a\n \nb",
	"tab\there",
	"\ta\nb",
	"bell\a",
	"\r",
	"a\r\nb",
	"\xc3\xa9t\xc3\xa9",
	"\xf0\x9f\x98\x80",
	"\xe2\x80\xa8",
	"\xc2\x85",
	"\xc2\xa0",
	"\xef\xbb\xbfx",
	"\\",
	"a\\nb",
	"<&>",
	"\x7f",
	"\x1b[0m",
	"a,b",
	"a{b",
	"1e3",
	"1_000",
	"+1",
	".5",
	".inf",
	"0b11",
	"08",
	"2026-01-02T03:04:05Z",
	"2026-02-30",
	"2026-1-2 1:2:3",
	"123456789012345678901234567890",
	"echo \"hi\" <&>",
	"key: |\n  x\n",
	"a\n\n\n  b\n",
	"x\n ",
	"#\n#",
	"- a\n- b\n",
};

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static const char *text(uint32_t *seed)
{
	return texts[next(seed) % ARRAY_SIZE(texts)];
}

static char *random_text(uint32_t *seed)
{
	if (next(seed) % 4 == 0)
		return xasprintf("%s%s", text(seed), text(seed));
	return xstrdup(text(seed));
}

static struct ktime random_time(uint32_t *seed)
{
	struct ktime t = { .sec = (int64_t) next(seed) * 100, .nsec = 0, .set = true };

	if (next(seed) % 2)
		t.nsec = (int32_t) (next(seed) % 1000000000);
	return t;
}

static int64_t random_int(uint32_t *seed)
{
	static const int64_t ints[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 4096, 493 };

	return ints[next(seed) % ARRAY_SIZE(ints)];
}

static unsigned random_state(const struct field *f, uint32_t *seed)
{
	unsigned n = 0;

	while (f->labels[n])
		n++;
	return next(seed) % n;
}

static void random_strings(const struct field *f, void *m, uint32_t *seed)
{
	char *key, *value;
	uint32_t n = next(seed) % 4;

	if (f->type == FIELD_STRLIST)
		strlist_make_empty(m);
	else
		strmap_make_empty(m);
	while (n-- > 0) {
		value = random_text(seed);
		if (f->type == FIELD_STRLIST) {
			strlist_add_owned(m, value);
			continue;
		}
		key = random_text(seed);
		strmap_set(m, key, value);
		free(key);
		free(value);
	}
}

static void random_list(const struct field *f, void *m, uint32_t *seed)
{
	size_t size = f->type == FIELD_INTLIST ? sizeof(int64_t) : f->obj->size;
	uint32_t n = next(seed) % 3;
	void *item;

	list_make_empty(m, size);
	while (n-- > 0) {
		item = list_grow(m, size);
		if (f->type == FIELD_INTLIST)
			*(int64_t *) item = random_int(seed);
		else
			model_random(f->obj, item, seed);
	}
}

static void random_field(const struct field *f, void *m, uint32_t *seed)
{
	unsigned state;

	switch (f->type) {
	case FIELD_STRING:
		*(char **) m = random_text(seed);
		break;
	case FIELD_NSTRING:
		((struct nstring *) m)->v = random_text(seed);
		break;
	case FIELD_BOOL:
		*(bool *) m = next(seed) % 2;
		break;
	case FIELD_NBOOL:
		*(struct nbool *) m = (struct nbool){ true, next(seed) % 2 };
		break;
	case FIELD_INT:
		*(int64_t *) m = random_int(seed);
		break;
	case FIELD_NINT:
		*(struct nint *) m = (struct nint){ true, random_int(seed) };
		break;
	case FIELD_UINT32:
		*(uint32_t *) m = next(seed);
		break;
	case FIELD_TIME:
		*(struct ktime *) m = random_time(seed);
		break;
	case FIELD_STATE:
		state = random_state(f, seed);
		memcpy(m, &state, sizeof(state));
		break;
	case FIELD_STRLIST:
	case FIELD_STRMAP:
		random_strings(f, m, seed);
		break;
	case FIELD_INTLIST:
	case FIELD_OBJLIST:
		random_list(f, m, seed);
		break;
	case FIELD_OBJ:
	case FIELD_EMBED:
		model_random(f->obj, m, seed);
		break;
	case FIELD_OBJPTR:
		model_random(f->obj, objptr_make(m, f->obj), seed);
		break;
	case FIELD_BYTES:
		buf_init(m, 100);
		buf_adds(m, "\x01z");
		break;
	case _FIELD_TYPE_MAX:
		break;
	}
}

void model_random(const struct model_type *t, void *obj, uint32_t *seed)
{
	const struct field *f;

	for (f = t->fields; f < t->fields + t->n_fields; f++)
		if (f->type == FIELD_EMBED || f->type == FIELD_OBJ || next(seed) % 8 != 0)
			random_field(f, field_ptr(f, obj), seed);
}
