/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_OPT_H
#define KUKEON_OPT_H

#include "err.h"
#include "vec.h"

/* Flags in GNU style: --name value, --name=value, -f value, -fvalue, --bool, --bool=false. */
enum opt_type {
	OPT_STRING = 1,
	OPT_BOOL,
	OPT_LIST, /* may be repeated; never split at commas */
	OPT_INT,
	OPT_DURATION,
};

struct opt {
	const char *name; /* NULL ends a table */
	char letter; /* 0: none */
	enum opt_type type;
	const char *def; /* as shown in the help; NULL: not shown */
	const char *help; /* NULL: accepted, but not shown */
};

/* The value of one flag. */
struct opt_value {
	const struct opt *opt;
	bool set;
	const char *text; /* the last one given; borrowed from argv */
	bool on; /* OPT_BOOL */
	int64_t number; /* OPT_INT; OPT_DURATION in nanoseconds */
	struct strlist list; /* OPT_LIST */
};

struct opt_values {
	struct opt_value *v;
	size_t n;
};

void opt_values_clear(struct opt_values *o);
/* Add the table's flags to those that opt_parse knows. */
void opt_values_add(struct opt_values *o, const struct opt *table);
/* Remove the table's flags again. Returns the name of one that was given, or NULL. */
const char *opt_values_remove(struct opt_values *o, const struct opt *table);
/* Whether any flag of the table was given. */
bool opt_values_given(const struct opt_values *o, const struct opt *table);
struct opt_value *opt_find(const struct opt_values *o, const char *name);
struct opt_value *opt_find_letter(const struct opt_values *o, char letter);

/*
 * Read the flag at argv[i]; returns how many arguments were used: 1 or 2. Several booleans in
 * one (`-abc`) are one argument. Errors: `unknown flag: --x`, `unknown shorthand
 * flag: 'x' in -x`, `flag needs an argument: --x`, `invalid argument "x" for "--n" flag: …`.
 */
int opt_parse(struct opt_values *o, int argc, char **argv, int i, struct kerr *err);

#endif
