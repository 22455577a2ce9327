/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define UNIT_SUITES_MAX 128

static struct unit_suite {
	const char *name;
	unit_suite_fn fn;
} suites_[UNIT_SUITES_MAX];
static size_t suites_n_;

void unit_register(const char *name, unit_suite_fn fn)
{
	if (suites_n_ == UNIT_SUITES_MAX) {
		fprintf(stderr, "unit: more than %d suites\n", UNIT_SUITES_MAX);
		abort();
	}
	suites_[suites_n_].name = name;
	suites_[suites_n_].fn = fn;
	suites_n_++;
}

static int suite_cmp(const void *a, const void *b)
{
	const struct unit_suite *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int main(void)
{
	SRunner *runner;
	size_t i;
	int failed;

	if (suites_n_ == 0) {
		puts("1..0 # SKIP no suite in this layer yet");
		return 0;
	}
	/* Link order is not an order anybody chose. */
	qsort(suites_, suites_n_, sizeof(suites_[0]), suite_cmp);
	runner = srunner_create(NULL);
	for (i = 0; i < suites_n_; i++)
		srunner_add_suite(runner, suites_[i].fn());
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
