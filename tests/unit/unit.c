/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

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

/*
 * A kukeon may be installed here, and configured: nothing of it is seen. Without
 * root there is no hiding, and no test that looks there.
 */
static void hide_host(void)
{
	static const char *const dirs[] = { KUKEON_SYSCONFDIR, "/etc/kukeon", "/opt/kukeon",
					    "/run/kukeon" };
	size_t i = 0;

	while (environ[i]) {
		char name[64];
		size_t n = strcspn(environ[i], "=");

		i++;
		if (strncmp(environ[i - 1], "KUKE", 4) != 0 || n >= sizeof(name))
			continue;
		(void) snprintf(name, sizeof(name), "%.*s", (int) n, environ[i - 1]);
		(void) unsetenv(name);
		i = 0; /* it moved the others */
	}
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return;
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (access(dirs[i], F_OK) == 0)
			(void) mount("tmpfs", dirs[i], "tmpfs", 0, "mode=755");
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
	hide_host();
	/* Four seconds of libcheck are none on a busy machine. */
	(void) setenv("CK_DEFAULT_TIMEOUT", "60", 0);
	(void) setenv("CK_TIMEOUT_MULTIPLIER", "10", 0);
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
