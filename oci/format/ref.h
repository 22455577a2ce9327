/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_REF_H
#define KUKEON_REF_H

#include "defs.h"
#include "digest.h"
#include "err.h"

/*
 * An image reference as docker reads it: [domain/]path[:tag][@digest]. Parsed
 * references are complete: "alpine" is docker.io, library/alpine, latest.
 */
struct ref {
	char *domain; /* "docker.io", "localhost:5000" */
	char *path; /* "library/alpine" */
	char *tag; /* NULL when there is only a digest */
	struct digest digest; /* unset when there is none */
};

void ref_clear(struct ref *r);
#define cleanup_ref cleanup_(ref_clear)

enum {
	REF_MAX_NAME = 255, /* domain and path, as docker limits them */
	REF_MAX_TAG = 128,
};

/*
 * Strict: `invalid reference format` texts as docker's for what is none (upper
 * case in the path, empty parts, other digests than sha256). *ret is set on
 * success only; ref_clear it.
 */
int ref_parse(const char *s, struct ref *ret, struct kerr *err);

/* domain/path[:tag][@digest]; owned by the caller. */
char *ref_text(const struct ref *r) __attribute__((returns_nonnull));

/* ref_parse and ref_text in one: "alpine" gives "docker.io/library/alpine:latest". */
int ref_normalise(const char *s, char **ret, struct kerr *err);

#endif
