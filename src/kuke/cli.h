/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CLI_H
#define KUKEON_CLI_H

#include <poll.h>

#include "cmd.h"
#include "methods.h"
#include "own_engine.h"

/* One invocation: the parsed command line, its settings, and the connection to the engine. */
struct settings {
	char *host; /* --host */
	char *run_path; /* --run-path */
	char *log_level;
	char *output; /* default of -o, "" for the verb's own */
	bool no_daemon; /* work through a kukeond of our own */
	bool verbose;
	bool run_path_given;
};

enum {
	CLI_MAX_POLLED = 4,
	CLI_MAX_EARLY = 12, /* less than the daemon serves at a time for one user */
};

struct cli {
	const struct cmd *cmd;
	const struct cmd *chain[CMD_MAX_DEPTH];
	size_t n_chain;
	struct opt_values opts;
	struct strlist args;
	struct settings settings;
	int exit_status; /* of a program that the verb ran; 0: as the verb ended */
	char *hint; /* printed below an error; NULL: none */
	char *error; /* the last call's error when it is longer than a kerr holds */
	struct rpc_client *client; /* of the daemon, or of our own engine */
	struct own_engine own;
	const struct rpc_open_engine_args *own_how; /* NULL: as the settings say; borrowed */
	struct cli_early { /* requests sent by cli_call_early; first in, first out */
		struct rpc_client *client; /* NULL: it could not be sent */
		enum rpc_method_id id;
	} early[CLI_MAX_EARLY];
	size_t n_early;
};

void cli_clear(struct cli *c);
/* Close the connection, and end an engine of our own; the next call makes another. */
void cli_hang_up(struct cli *c);

/* ---- the command line ---- */

const char *cli_str(const struct cli *c, const char *flag); /* "" when not given */
/* The value, or def when the flag was not given at all: an explicit "" stays. */
const char *cli_str_or(const struct cli *c, const char *flag, const char *def);
bool cli_bool(const struct cli *c, const char *flag);
int64_t cli_int(const struct cli *c, const char *flag); /* 0 when not given */
bool cli_given(const struct cli *c, const char *flag);
const struct strlist *cli_list(const struct cli *c, const char *flag);
/* `required flag(s) "file" not set` */
int cli_require(const struct cli *c, const char *flag, struct kerr *err);
/* Positional i, trimmed; "" when there is none. Owned by the caller. */
char *cli_arg(const struct cli *c, size_t i) __attribute__((returns_nonnull));

/* ---- settings.c ---- */

/* Flag > environment > client configuration > default; reads the file. */
int cli_settings(struct cli *c, struct kerr *err);
/*
 * A boolean environment variable as Go parses it (str_to_bool); unset and empty are false.
 * `invalid value "no" of KUKEON_NO_DAEMON: …`. -EINVAL.
 */
int cli_env_bool(const char *name, bool *ret, struct kerr *err);
/* The flag if it was given, else the variable. */
int cli_switch(const struct cli *c, const char *flag, const char *env, bool *ret, struct kerr *err);

/* ---- call.c ---- */

/*
 * Call one method of the daemon or of an engine of our own (own_engine.h). reply is zeroed
 * by the caller. An Err in it is returned as an error; a text that is too long for *err is
 * cut there and kept whole in c->error.
 */
int cli_call(struct cli *c, enum rpc_method_id id, void *args, void *reply, struct kerr *err);
/*
 * Send a request ahead, on a connection of its own. The next calls of cli_call must be the
 * same requests in the same order and get their replies, so that slow requests run at the
 * same time. Does nothing for our own engine, which has one connection. At most
 * CLI_MAX_EARLY may be under way.
 */
void cli_call_early(struct cli *c, enum rpc_method_id id, const void *args);
/* Append the whole text of an error: c->error if *err is its beginning. */
void cli_error_text(const struct cli *c, const struct kerr *err, struct buf *out);
/* Set an error whose text may be too long for a kerr. Returns r. */
int cli_fail(struct cli *c, int r, const char *text, struct kerr *err);
/* Set the hint to print below the error; it replaces an earlier one. */
void cli_hint(struct cli *c, const char *fmt, ...) printf_like(2, 3);
/* cli_call with descriptors or with events before the reply (client.h). */
struct rpc_call_opts;
int cli_call_with(struct cli *c, enum rpc_method_id id, void *args, void *reply,
		  const struct rpc_call_opts *opts, struct kerr *err);
/*
 * cli_call, given up when one of the n others (CLI_MAX_POLLED at most) is ready before the
 * reply: the connection is closed, and -ECANCELED returned.
 */
int cli_call_polled(struct cli *c, enum rpc_method_id id, void *args, void *reply,
		    const struct pollfd *others, size_t n, struct kerr *err);
/* Free an args or reply struct of a method. */
void cli_free_args(enum rpc_method_id id, void *args);
void cli_free_reply(enum rpc_method_id id, void *reply);

/* ---- output ---- */

enum output_format {
	OUTPUT_TABLE = 1,
	OUTPUT_YAML,
	OUTPUT_JSON,
	OUTPUT_WIDE, /* a table with more columns; this and the next are for get only */
	OUTPUT_NAME, /* names only, one per line */
};

/*
 * -o, else the default; "" is none and gives unset. Error: `invalid output format:
 * X (supported: yaml, json, table, wide, name)`.
 */
int cli_output(const struct cli *c, enum output_format unset, enum output_format *ret,
	       struct kerr *err);

/*
 * The -o of verbs that print a report: json or yaml; anything else is OUTPUT_TABLE, the
 * readable text.
 */
enum output_format cli_report_format(const struct cli *c);

/* Text in columns: each as wide as its widest cell, two blanks between them. */
struct table {
	size_t columns;
	struct strlist cells; /* row by row, the header first */
};

void table_add(struct table *t, const struct strlist *row);
void table_row(struct table *t, ...) __attribute__((sentinel));
void table_text(struct buf *out, const struct table *t);
void table_print(const struct table *t);
void table_clear(struct table *t);

/* Read a file or, for "-", stdin; at most max bytes. `failed to open file "p": open p: …`. */
int cli_read_file(const char *path, size_t max, struct buf *ret, struct kerr *err);

/* Write all to stdout; a closed pipe is not reported. */
void cli_print(const struct buf *b);
/* One document or a list, secrets masked. JSON gets a newline at its end as well. */
void cli_print_doc(const struct model_type *t, const void *doc, enum output_format format);
void cli_print_docs(const struct model_type *t, const void *const *docs, size_t n,
		    enum output_format format);
void cli_printf(const char *fmt, ...) printf_like(1, 2);

#endif
