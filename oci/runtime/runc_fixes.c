/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mem.h"
#include "runc_fixes.h"
#include "str.h"

enum {
	FIX_LINES = 3, /* maximum number of release lines that a fix was released for */
	FIX_FINAL = 1000, /* not a release candidate */
};

struct release {
	unsigned major, minor, patch;
	unsigned candidate; /* N of -rc.N, or FIX_FINAL */
};

/* Release lines later than the last one listed have had the fix from the start. */
static const struct fix {
	const char *runtime;
	const char *what;
	const char *needs;
	struct release from[FIX_LINES]; /* ascending; unused ones are 0.0 */
	/* package versions with a backported fix: the part before the last number */
	const char *packages[2];
	unsigned revision[2]; /* the first last number that has the fix */
} fixes[] = {
	{ "runc",
	  "CVE-2024-21626",
	  "1.1.12",
	  { { 1, 1, 12, FIX_FINAL } },
	  { "1.1.5+ds1-1+deb12u", "1.0.0~rc93+ds1-5+deb11u" },
	  { 1, 3 } },
	{ "runc",
	  "CVE-2025-31133, CVE-2025-52565 and CVE-2025-52881",
	  "1.2.8, 1.3.3 or 1.4.0-rc.3",
	  { { 1, 2, 8, FIX_FINAL }, { 1, 3, 3, FIX_FINAL }, { 1, 4, 0, 3 } },
	  { NULL },
	  { 0 } },
	{ "runc",
	  "CVE-2026-41579",
	  "1.3.6, 1.4.3 or 1.5.0-rc.3",
	  { { 1, 3, 6, FIX_FINAL }, { 1, 4, 3, FIX_FINAL }, { 1, 5, 0, 3 } },
	  { NULL },
	  { 0 } },
	{ "crun", "CVE-2026-47766", "1.28", { { 1, 28, 0, FIX_FINAL } }, { NULL }, { 0 } },
};

/* The number after "rc" in "1.4.0-rc.3" or "1.0.0~rc93+ds1". */
static unsigned candidate_of(const char *text)
{
	const char *rc = strstr(text, "rc");
	unsigned n = 0;

	if (rc == NULL)
		return FIX_FINAL;
	for (rc += rc[2] == '.' ? 3 : 2; *rc >= '0' && *rc <= '9' && n < FIX_FINAL; rc++)
		n = n * 10 + (unsigned) (*rc - '0');
	return n < FIX_FINAL ? n : FIX_FINAL - 1;
}

static bool is_same_line(const struct runc_version *v, const struct release *from)
{
	return v->major == from->major && v->minor == from->minor;
}

static bool is_later_line(const struct runc_version *v, const struct release *from)
{
	return v->major != from->major ? v->major > from->major : v->minor > from->minor;
}

static bool is_in_release(const struct fix *f, const struct runc_version *v)
{
	const struct release *last = &f->from[0];

	for (size_t i = 0; i < FIX_LINES && f->from[i].major != 0; i++) {
		last = &f->from[i];
		if (!is_same_line(v, last))
			continue;
		return v->patch != last->patch ? v->patch > last->patch
					       : candidate_of(v->text) >= last->candidate;
	}
	return is_later_line(v, last);
}

static bool is_in_package(const struct fix *f, const struct runc_version *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(f->packages) && f->packages[i] != NULL; i++) {
		const char *p = v->package + strlen(f->packages[i]);
		unsigned n = 0;

		if (!str_has_prefix(v->package, f->packages[i]))
			continue;
		for (; *p >= '0' && *p <= '9' && n < FIX_FINAL; p++)
			n = n * 10 + (unsigned) (*p - '0');
		if (n >= f->revision[i])
			return true;
	}
	return false;
}

/* Whether the version is a distribution's, such as "1.1.5+ds1" or "1.1.12-0ubuntu3". */
static bool is_packaged(const struct runc_version *v)
{
	const char *tail = v->text + strspn(v->text, "0123456789.");

	return v->package[0] != '\0' ||
	       (*tail != '\0' && !str_has_prefix(tail, "-rc") && !str_has_prefix(tail, "-dev"));
}

char *runc_fixes_missing(const struct runc_version *v)
{
	struct buf text = BUF_INIT(4096);

	for (size_t i = 0; i < ARRAY_SIZE(fixes); i++) {
		const struct fix *f = &fixes[i];

		if (!streq(f->runtime, v->name) || is_in_release(f, v) || is_in_package(f, v))
			continue;
		buf_addf(&text, "%s%s (fixed in %s)", text.len > 0 ? ", " : "", f->what, f->needs);
	}
	if (text.len == 0) {
		buf_clear(&text);
		return NULL;
	}
	if (is_packaged(v))
		buf_adds(&text, "; the package may contain the fixes, see its changelog");
	return buf_take(&text);
}
