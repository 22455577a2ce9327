/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CLOCK_H
#define KUKEON_CLOCK_H

#include <time.h>

#include "buf.h"
#include "defs.h"

/*
 * Time stamps: nanoseconds since 1970 UTC. KTIME_ZERO is Go's zero time, year
 * 1, which documents print as 0001-01-01T00:00:00Z and which means "none".
 */
struct ktime {
	int64_t sec;
	int32_t nsec;
	bool set; /* false: the zero time; the rest is then 0 */
};

#define KTIME_TEXT_MAX 64

struct ktime ktime_now(void);
struct ktime ktime_from_timespec(const struct timespec *ts);
/* RFC 3339 in UTC, up to nine fractional digits without trailing zeros. Fills and returns buf. */
const char *ktime_text(const struct ktime *t, char buf[KTIME_TEXT_MAX]);
/* RFC 3339 with any offset; year 1 to 9999. -EINVAL. The zero time gives set = false. */
int ktime_parse(const char *s, struct ktime *ret);
int ktime_cmp(const struct ktime *a, const struct ktime *b); /* an unset one is before all others */

/* CLOCK_BOOTTIME in milliseconds: for deadlines and retry delays. */
int64_t clock_ms(void);
/* CLOCK_MONOTONIC in microseconds: for measuring. */
int64_t clock_us(void);
/*
 * Milliseconds until a deadline, for poll(2): 0 if it has passed, -1 (no limit) for
 * deadline < 0.
 */
int clock_left(int64_t deadline_ms);

/* A Go duration: "1m30s", "500ms", "-1.5h", "0". Result in nanoseconds. -EINVAL. */
int duration_parse(const char *s, int64_t *ret_ns);
/* Go's printed form: "10s", "1m30s", "1.5s", "0s". */
void duration_text(struct buf *out, int64_t ns);

#endif
