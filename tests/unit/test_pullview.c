/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "pullview.h"
#include "str.h"
#include "unit.h"

#define STR_(s) ((char *) (uintptr_t) (s))
#define LAYER STR_("sha256:0123456789abcdef")

static const struct {
	struct rpc_event e;
	int64_t ms;
	unsigned width;
	const char *line;
} rows[] = {
	{ { LAYER, STR_("exists"), 0, 2048, NULL }, 0, 80, "0123456789ab exists      2.0 KiB" },
	{ { LAYER, STR_("downloading"), 0, 4 << 20, NULL },
	  0,
	  100,
	  "0123456789ab downloading [>                       ] 0 B/4.0 MiB" },
	{ { LAYER, STR_("downloading"), 1 << 20, 4 << 20, NULL },
	  2000,
	  100,
	  "0123456789ab downloading [======>                 ] 1.0 MiB/4.0 MiB  512.0 KiB/s  6s" },
	{ { LAYER, STR_("downloading"), 1 << 10, 1 << 20, NULL },
	  10000,
	  100,
	  "0123456789ab downloading [>                       ] 1.0 KiB/1.0 MiB  102 B/s  2h51m" },
	{ { LAYER, STR_("downloading"), 100, 100, NULL },
	  1000,
	  100,
	  "0123456789ab downloading [========================] 100 B/100 B  100 B/s  0s" },
	{ { LAYER, STR_("downloading"), 1 << 20, 4 << 20, NULL },
	  2000,
	  30,
	  "0123456789ab downloading [====" },
	{ { LAYER, STR_("retrying"), 5, 9, STR_("it broke") },
	  0,
	  80,
	  "0123456789ab retrying    it broke" },
	{ { LAYER, STR_("retrying"), 5, 9, STR_("caf\xc3\xa9") },
	  0,
	  29,
	  "0123456789ab retrying    caf" },
	{ { NULL, NULL, 0, 0, NULL }, 0, 80, "             0 B" },
};

START_TEST(line)
{
	cleanup_buf struct buf out = BUF_INIT(1024);

	pullview_line(&out, &rows[_i].e, rows[_i].ms, rows[_i].width);
	ck_assert_str_eq(buf_str(&out), rows[_i].line);
}
END_TEST

static Suite *test_pullview(void)
{
	Suite *s = suite_create("pullview");
	TCase *t = tcase_create("pullview");

	tcase_add_loop_test(t, line, 0, (int) ARRAY_SIZE(rows));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_pullview);
