/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MEM_H
#define KUKEON_MEM_H

#include <stdlib.h>
#include <string.h>

#include "defs.h"

/*
 * Allocation that does not return on failure: the process aborts. The store on disk is
 * crash-safe, so this loses no data. The listener and kukeshim do not use these once
 * they run.
 */
void *xmalloc(size_t size) __attribute__((returns_nonnull, malloc));
void *xcalloc(size_t n, size_t size) __attribute__((returns_nonnull, malloc));
/* Aborts on overflow of n * size as well. */
void *xreallocarray(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((returns_nonnull)); /* s not NULL */
char *xstrdup_null(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t n) __attribute__((returns_nonnull));
void *xmemdup(const void *p, size_t n) __attribute__((returns_nonnull));
char *xasprintf(const char *fmt, ...) printf_like(1, 2) __attribute__((returns_nonnull));

/* Free what *p points to and set it to NULL; keeps errno. */
void free_p(void *p);
#define cleanup_free cleanup_(free_p)

#endif
