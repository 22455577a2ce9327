/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trim.h"
#include "unit.h"

static int written = 1;

/* Memory of files that is mapped and in use, in KiB (proc(5)). */
static long rss_file(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	ck_assert_ptr_nonnull(f);
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, "RssFile:", 8) == 0)
			kib = strtol(line + 8, NULL, 10);
	ck_assert_int_eq(fclose(f), 0);
	return kib;
}

/* As after a run through all of the program and its libraries. */
static void touch_all(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long begin, end;
	char line[512], flags[8];

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s", &begin, &end, flags) == 3 &&
		    strncmp(flags, "r-xp", 4) == 0 && strchr(line, '/'))
			for (unsigned long at = begin; at < end; at += 4096)
				(void) *(volatile const char *) at;
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(pages_go_and_come_back)
{
	char *heap = strdup("kept");
	long before, after;

	written = 42;
	touch_all();
	before = rss_file();
	trim_memory();
	after = rss_file();
	ck_assert_int_gt(before, 0);
	ck_assert_int_lt(after, before);
	ck_assert_int_eq(written, 42);
	ck_assert_str_eq(heap, "kept");
	free(heap);
}
END_TEST

static Suite *test_trim(void)
{
	Suite *s = suite_create("trim");
	TCase *c = tcase_create("trim");

	tcase_add_test(c, pages_go_and_come_back);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_trim);
