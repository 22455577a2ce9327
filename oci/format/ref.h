/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_REF_H
#define KUKEON_REF_H

#include "defs.h"
#include "digest.h"
#include "err.h"

/*
 * An image reference in docker's syntax: [domain/]path[:tag][@digest]. Missing parts are
 * filled in when parsing: "alpine" is docker.io, library/alpine, latest.
 */
struct ref {
	char *domain; /* "docker.io", "localhost:5000" */
	char *path; /* "library/alpine" */
	char *tag; /* NULL when the reference has only a digest */
	struct digest digest; /* unset when the reference has no digest */
};

void ref_clear(struct ref *r);
#define cleanup_ref cleanup_(ref_clear)

enum {
	REF_MAX_NAME = 255, /* domain and path; docker's limit */
	REF_MAX_TAG = 128,
};

/*
 * Parse a reference. Invalid ones (upper case in the path, empty parts, digests other
 * than sha256) are refused with docker's text `invalid reference format…`. *ret is set
 * on success only; free it with ref_clear.
 */
int ref_parse(const char *s, struct ref *ret, struct kerr *err);

/* domain/path[:tag][@digest]; owned by the caller. */
char *ref_text(const struct ref *r) __attribute__((returns_nonnull));

/* ref_parse and ref_text in one: "alpine" gives "docker.io/library/alpine:latest". */
int ref_normalise(const char *s, char **ret, struct kerr *err);

#endif
