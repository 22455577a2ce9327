/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CMD_H
#define KUKEON_CMD_H

#include "defs.h"
#include "err.h"
#include "opt.h"

/*
 * The command line as a tree of constant rows. Parsing, usage, help, completion and
 * the man page's tables all come from them.
 */
struct cli;

enum cmd_flags {
	CMD_IGNORE_ARGS = 1 << 0, /* ignore extra arguments (init, version) */
	CMD_HIDDEN = 1 << 1,
	CMD_ROOT = 1 << 2, /* needs effective uid 0 */
	CMD_NO_SETTINGS = 1 << 3, /* reads and writes no configuration file */
	CMD_PROGRAM = 1 << 4, /* what begins with the second word is another program's */
};

enum cmd_subject {
	CMD_SUBJECT_IMAGE = 100,
	CMD_SUBJECT_FIELD, /* of kuke explain */
	CMD_SUBJECT_KIND,
	CMD_SUBJECT_COMMAND,
};

struct cmd {
	const char *name;
	const char *aliases; /* separated by blanks, or NULL */
	const char *args; /* as shown in the usage line: "[name]", "NAME"; NULL: none */
	int min_args, max_args;
	const char *help; /* one line */
	const char *about; /* a paragraph for --help; NULL: help */
	const struct opt
		*opts; /* flags, for a group also of its sub-commands; ended by a NULL name */
	const struct opt *local; /* flags of a group without a sub-command; or NULL */
	const struct cmd *const *subs; /* sub-commands of a group; ended by NULL */
	int (*run)(struct cli *c,
		   struct kerr *err); /* 0; 1: failed, already printed; -errno with err */
	enum cmd_flags flags;
	int subject; /* what the first argument names: enum kind or cmd_subject; 0: nothing */
	int others; /* what further arguments name, where that is something else; 0: the same */
};

extern const struct cmd cmd_kuke;

/* Parse, check and run. Returns the exit code; messages went to stdout and stderr. */
int cmd_main(const struct cmd *root, int argc, char **argv);

/*
 * Only parse: fills chain, flags and words of a zeroed c (cli_clear). -EINVAL with err; 1:
 * unknown command, reported on stderr unless err is NULL.
 */
int cmd_parse(struct cli *c, const struct cmd *root, int argc, char **argv, struct kerr *err);

/* Print the whole error (`Error: …`) and its hint on stderr. */
void cmd_print_error(struct cli *c, const struct kerr *err);

/* The sub-command with this name or alias; or NULL. */
const struct cmd *cmd_find_sub(const struct cmd *group, const char *word);
/* Print `Error: unknown command …` with suggestions on stderr. */
void cmd_unknown(const struct cmd *const *chain, size_t n, const char *word);

/* Set the usage line as the hint of an error about the arguments. */
void cmd_usage_hint(struct cli *c);

/* `command must run as root: …` unless the effective uid is 0. */
int cmd_check_root(const struct cli *c, struct kerr *err);

/* Maximum nesting of commands. */
enum {
	CMD_MAX_DEPTH = 4
};

#endif
