/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "mem.h"
#include "proc.h"
#include "str.h"
#include "vec.h"

/*
 * pair [-m] [-n RUNS] [-w WARMUP] [-c CPUACCT] {LABEL BEFORE COMMAND AFTER}...
 *
 * Times commands against each other: every round runs each of them once, so
 * that whatever else the machine does meets all alike. BEFORE and AFTER are for
 * sh and not timed; COMMAND is split at blanks and executed as it is. "{n}" in
 * any of the three is the number of the round. CPUACCT is a cpuacct.usage or
 * cpu.stat file: the time that daemons and containers spend too.
 *
 * One line per command, tab separated: label, runs, wall ms minimum, median,
 * maximum, its own cpu ms (median), all cpu ms (median); with -m and one command
 * also the peak KiB of the largest process. A command that fails ends it all.
 */
enum {
	SIDES_MAX = 8,
	RUNS_MAX = 1000,
	ACCT_MAX = 65536
};

struct sample {
	double wall, cpu, all;
};

struct side {
	const char *label, *before, *command, *after;
	struct sample v[RUNS_MAX];
};

static int64_t now_ns(void)
{
	struct timespec t;

	(void) clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* In milliseconds; 0 without a file. */
static double cpu_of(const char *file)
{
	cleanup_buf struct buf text = BUF_INIT(ACCT_MAX);
	bool v2;
	uint64_t n = 0;

	if (!file || sys_read(AT_FDCWD, file, &text) < 0)
		return 0;
	v2 = str_has_prefix(buf_str(&text), "usage_usec ");
	for (const char *p = buf_str(&text) + (v2 ? strlen("usage_usec ") : 0);
	     *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (uint64_t) (*p - '0');
	return (double) n / (v2 ? 1e3 : 1e6);
}

static char *with_round(const char *s, int n)
{
	struct buf b = BUF_INIT(65536);
	const char *hole;

	while ((hole = strstr(s, "{n}")) != NULL) {
		buf_addf(&b, "%.*s%d", (int) (hole - s), s, n);
		s = hole + 3;
	}
	buf_adds(&b, s);
	return buf_take(&b);
}

static double cpu_ms(const struct rusage *u)
{
	return (double) (u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e3 +
	       (double) (u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e3;
}

/* The exit status; output is kept for when it is needed. */
static int run(char *const *argv, struct sample *ret, const char *acct)
{
	struct proc_spawn how = PROC_SPAWN_INIT;
	struct rusage before, after;
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	double all = acct ? cpu_of(acct) : 0;
	int64_t start;
	int status = 0;
	pid_t pid;

	how.path = argv[0];
	how.argv = argv;
	how.flags = PROC_NULL_STDIN;
	how.fd_stdio[1] = STDERR_FILENO;
	(void) getrusage(RUSAGE_CHILDREN, &before);
	start = now_ns();
	if (proc_spawn(&how, &pid, &err) < 0 || proc_wait(pid, -1, &status, &err) < 0) {
		(void) fprintf(stderr, "pair: %s\n", kerr_text(&err, text, sizeof(text)));
		exit(1);
	}
	ret->wall = (double) (now_ns() - start) / 1e6;
	(void) getrusage(RUSAGE_CHILDREN, &after);
	ret->cpu = cpu_ms(&after) - cpu_ms(&before);
	ret->all = acct ? cpu_of(acct) - all : 0;
	return status;
}

static void shell(const char *script, int n)
{
	cleanup_free char *text = with_round(script, n);
	const char *argv[] = { "sh", "-ec", text, NULL };
	struct sample unused;

	if (text[0] != '\0' && run((char *const *) (uintptr_t) argv, &unused, NULL) != 0) {
		(void) fprintf(stderr, "pair: failed: %s\n", text);
		exit(1);
	}
}

static void round_of(struct side *s, int n, struct sample *ret, const char *acct)
{
	cleanup_free char *text = with_round(s->command, n);
	cleanup_strlist struct strlist argv = { 0 };
	char *rest = text, *word;

	shell(s->before, n);
	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			strlist_add(&argv, word);
	if (run(argv.v, ret, acct) != 0) {
		(void) fprintf(stderr, "pair: failed: %s\n", s->command);
		exit(1);
	}
	shell(s->after, n);
}

static int compare(const void *x, const void *y)
{
	double a = *(const double *) x, b = *(const double *) y;

	return a < b ? -1 : a > b;
}

/* Sorts the numbers. */
static double median(double *v, int n)
{
	qsort(v, (size_t) n, sizeof(*v), compare);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void print(const struct side *s, int runs, bool memory)
{
	static double wall[RUNS_MAX], cpu[RUNS_MAX], all[RUNS_MAX];
	struct rusage u;
	double mid;

	for (int i = 0; i < runs; i++) {
		wall[i] = s->v[i].wall;
		cpu[i] = s->v[i].cpu;
		all[i] = s->v[i].all;
	}
	mid = median(wall, runs);
	(void) printf("%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f", s->label, runs, wall[0], mid,
		      wall[runs - 1], median(cpu, runs), median(all, runs));
	if (memory && getrusage(RUSAGE_CHILDREN, &u) == 0)
		(void) printf("\t%ld", u.ru_maxrss);
	(void) printf("\n");
}

int main(int argc, char **argv)
{
	static struct side sides[SIDES_MAX];
	uint64_t runs = 20, warmup = 2;
	const char *acct = NULL;
	struct sample unused;
	bool memory = false;
	size_t n;
	int o;

	while ((o = getopt(argc, argv, "mn:w:c:")) != -1) {
		if (o == 'm')
			memory = true;
		else if (o == 'c')
			acct = optarg;
		else if (o == '?' ||
			 str_to_u64(optarg, o == 'n', RUNS_MAX, o == 'n' ? &runs : &warmup) < 0)
			return 2;
	}
	n = (size_t) (argc - optind) / 4;
	if (n == 0 || n > SIDES_MAX || (argc - optind) % 4 != 0)
		return 2;
	for (size_t i = 0; i < n; i++) {
		char **a = argv + optind + 4 * i;

		sides[i] = (struct side){
			.label = a[0], .before = a[1], .command = a[2], .after = a[3]
		};
	}
	for (uint64_t k = 0; k < warmup; k++)
		for (size_t i = 0; i < n; i++)
			round_of(&sides[i], (int) (runs + k), &unused, acct);
	for (uint64_t k = 0; k < runs; k++)
		for (size_t i = 0; i < n; i++)
			round_of(&sides[i], (int) k, &sides[i].v[k], acct);
	for (size_t i = 0; i < n; i++)
		print(&sides[i], (int) runs, memory && n == 1);
	return 0;
}
