/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TTYCONFIG_H
#define KUKEON_TTYCONFIG_H

#include "buf.h"
#include "err.h"

/* What kuketty is told at its start: a document as upstream's terminals have it. */
enum {
	TTYCONFIG_MAX = 4 << 20, /* bytes of the document */
	TTYCONFIG_CAPTURE_BYTES = 1 << 20, /* of one capture file, unless the document says */
	TTYCONFIG_CAPTURE_FILES = 3, /* kept */
	TTYCONFIG_GRACE_MS = 30000, /* until a workload that was asked to end is killed */
};

/* The size of the terminal with several clients. */
enum ttyconfig_size {
	TTYCONFIG_SMALLEST, /* that all have room for */
	TTYCONFIG_LAST, /* of the one that said its size last */
};

/* A file to be made; gid -1: none is given. */
struct ttyconfig_file {
	char *path; /* "": none */
	mode_t mode;
	int64_t gid;
};

struct ttyconfig {
	struct buf text; /* the document */
	char *name, *id;
	char **argv; /* of the workload, ended by NULL */
	char **typed; /* what is typed before clients are let in, ended by NULL */
	struct ttyconfig_file socket, capture, log;
	int64_t capture_bytes, capture_files;
	int64_t grace_ms;
	enum ttyconfig_size size_policy;
	const char *spec; /* the document's spec as it was written, n_spec bytes */
	size_t n_spec;
};

/* Read a document; what it says nothing of has its default. */
int ttyconfig_read(const char *path, struct ttyconfig *ret, struct kerr *err);
/* The same of text that is there already, in ret->text. */
int ttyconfig_parse(struct ttyconfig *ret, struct kerr *err);
void ttyconfig_clear(struct ttyconfig *c);
#define cleanup_ttyconfig cleanup_(ttyconfig_clear)

#endif
