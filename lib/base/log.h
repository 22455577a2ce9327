/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOG_H
#define KUKEON_LOG_H

#include "defs.h"

enum log_level {
	LOG_LEVEL_DEBUG = 1,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_NONE,
};

enum log_style {
	LOG_STYLE_LOGFMT = 1, /* kukeond: time=… level=INFO msg="…" key=value */
	LOG_STYLE_PLAIN = 2, /* kuke -v: 2026-01-02T03:04:05Z INFO "message" key=value */
};

/*
 * The only mutable global of the library. Output goes to stderr, one write(2) a record. Where
 * that is a pipe and the style the daemon's, it is made not to block: records that are not
 * read in time are dropped, and the next one tells how many (lost=N).
 */
void log_init(enum log_level level, enum log_style style);
enum log_level
log_level_from_name(const char *s); /* debug info warn warning error err; unknown: info */
bool log_level_known(const char *s);
bool log_enabled(enum log_level level);

/*
 * msg and then pairs of key and value (strings), ended by NULL. Values are quoted where
 * needed and escaped, so text from containers is safe.
 */
void log_record(enum log_level level, const char *msg, ...) __attribute__((sentinel));

#define log_dbg(...) log_record(LOG_LEVEL_DEBUG, __VA_ARGS__, NULL)
#define log_inf(...) log_record(LOG_LEVEL_INFO, __VA_ARGS__, NULL)
#define log_wrn(...) log_record(LOG_LEVEL_WARN, __VA_ARGS__, NULL)
#define log_err(...) log_record(LOG_LEVEL_ERROR, __VA_ARGS__, NULL)

#endif
