/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCS_H
#define DOCS_H

#include <check.h>
#include <string.h>

#include "docstream.h"

/* Documents for tests, from YAML that has to decode. The caller frees by doc_free(). */
static inline void *doc_from(const char *yaml, enum kind kind)
{
	struct docstream s;
	struct kerr err = { 0 };
	void *doc;

	ck_assert_msg(docstream_load(yaml, strlen(yaml), "t.yaml", 0, &s, &err) == 0, "%s",
		      err.msg);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_msg(s.v[0].error == NULL, "%s", s.v[0].error);
	ck_assert_int_eq(s.v[0].kind, kind);
	doc = docstream_take(&s.v[0]);
	docstream_clear(&s);
	return doc;
}

#endif
