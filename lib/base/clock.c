/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "clock.h"

#define NS 1000000000
#define ZERO_SEC (-62135596800LL) /* 0001-01-01T00:00:00Z */
#define END_SEC 253402300800LL /* 10000-01-01T00:00:00Z */
#define TWO_63 (UINT64_C(1) << 63)

struct ktime ktime_from_timespec(const struct timespec *ts)
{
	struct ktime t = { .sec = ts->tv_sec, .nsec = (int32_t) ts->tv_nsec, .set = true };

	if (t.sec == ZERO_SEC && t.nsec == 0)
		t = (struct ktime){ 0 };
	return t;
}

struct ktime ktime_now(void)
{
	struct timespec ts;

	(void) clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail */
	return ktime_from_timespec(&ts);
}

/* Exactly n digits of v and the byte end; the place after it. */
static char *put_digits(char *p, uint64_t v, int n, char end)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char) ('0' + v % 10);
	p[n] = end;
	return p + n + 1;
}

/* The digits of a fraction of n places, without the zeros at the end; "" for zero. */
static const char *fraction_text(uint64_t v, int places, char buf[16])
{
	int n;

	if (v == 0)
		return "";
	buf[0] = '.';
	n = (int) (put_digits(buf + 1, v, places, '\0') - buf) - 1;
	while (n > 0 && buf[n - 1] == '0')
		buf[--n] = '\0';
	return buf;
}

const char *ktime_text(const struct ktime *t, char buf[KTIME_TEXT_MAX])
{
	time_t sec = t->set ? (time_t) t->sec : (time_t) ZERO_SEC;
	struct tm d = { 0 };
	char room[16];
	const char *fraction;
	char *p = buf;
	size_t n;

	(void) gmtime_r(&sec, &d); /* fails only for years beyond int: none here */
	fraction = t->set ? fraction_text((uint64_t) t->nsec, 9, room) : "";
	if (d.tm_year < -1900 || d.tm_year > 9999 - 1900) {
		(void) snprintf(buf, KTIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%sZ",
				d.tm_year + 1900, d.tm_mon + 1, d.tm_mday, d.tm_hour, d.tm_min,
				d.tm_sec, fraction);
		return buf;
	}
	/* By hand: a list prints thousands of times, and printf(3) takes most of a µs each. */
	p = put_digits(p, (unsigned) d.tm_year + 1900, 4, '-');
	p = put_digits(p, (unsigned) d.tm_mon + 1, 2, '-');
	p = put_digits(p, (unsigned) d.tm_mday, 2, 'T');
	p = put_digits(p, (unsigned) d.tm_hour, 2, ':');
	p = put_digits(p, (unsigned) d.tm_min, 2, ':');
	p = put_digits(p, (unsigned) d.tm_sec, 2, '\0') - 1;
	n = strlen(fraction);
	memcpy(p, fraction, n);
	memcpy(p + n, "Z", 2);
	return buf;
}

/* Read exactly n digits at *s, then the byte sep (0: no separator). */
static bool take_digits(const char **s, int n, char sep, unsigned *ret)
{
	unsigned v = 0;

	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		v = v * 10 + (unsigned) (**s - '0');
	}
	*ret = v;
	if (sep == '\0')
		return true;
	return *(*s)++ == sep;
}

/* ".123": the nanoseconds; digits past the ninth are dropped. */
static bool take_fraction(const char **s, int32_t *ret)
{
	int32_t unit = NS / 10;

	*ret = 0;
	if (**s != '.')
		return true;
	(*s)++;
	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		*ret += (**s - '0') * unit;
		unit /= 10;
	}
	return true;
}

static bool take_offset(const char **s, int64_t *ret)
{
	int sign = **s == '-' ? -1 : 1;
	unsigned hh;
	unsigned mm;

	*ret = 0;
	if (**s == 'Z') {
		(*s)++;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	(*s)++;
	if (!take_digits(s, 2, ':', &hh) || !take_digits(s, 2, '\0', &mm) || hh > 23 || mm > 59)
		return false;
	*ret = sign * (int64_t) (hh * 3600 + mm * 60);
	return true;
}

/*
 * Convert a UTC date and time. false for a date that does not exist, which timegm would
 * normalise (February 30 to March 2).
 */
static bool seconds_of(unsigned y, unsigned mon, unsigned d, int64_t second, int64_t *ret)
{
	struct tm tm = { .tm_year = (int) y - 1900, .tm_mon = (int) mon - 1, .tm_mday = (int) d };

	*ret = timegm(&tm) + second;
	return tm.tm_mon == (int) mon - 1 && tm.tm_mday == (int) d;
}

int ktime_parse(const char *s, struct ktime *ret)
{
	struct timespec ts;
	unsigned y, mon, d, h, min, sec;
	int64_t offset;
	int64_t total;
	int32_t nsec;

	if (!take_digits(&s, 4, '-', &y) || !take_digits(&s, 2, '-', &mon) ||
	    !take_digits(&s, 2, 'T', &d) || !take_digits(&s, 2, ':', &h) ||
	    !take_digits(&s, 2, ':', &min) || !take_digits(&s, 2, '\0', &sec) ||
	    !take_fraction(&s, &nsec) || !take_offset(&s, &offset) || *s != '\0')
		return -EINVAL;
	if (y < 1 || h > 23 || min > 59 || sec > 59 ||
	    !seconds_of(y, mon, d, (int64_t) (h * 3600 + min * 60 + sec) - offset, &total))
		return -EINVAL;
	if (total < ZERO_SEC || total >= END_SEC)
		return -EINVAL;
	ts = (struct timespec){ .tv_sec = total, .tv_nsec = nsec };
	*ret = ktime_from_timespec(&ts);
	return 0;
}

int ktime_cmp(const struct ktime *a, const struct ktime *b)
{
	if (a->set != b->set)
		return a->set ? 1 : -1;
	if (!a->set)
		return 0;
	if (a->sec != b->sec)
		return a->sec < b->sec ? -1 : 1;
	if (a->nsec != b->nsec)
		return a->nsec < b->nsec ? -1 : 1;
	return 0;
}

int64_t clock_ms(void)
{
	struct timespec ts;

	(void) clock_gettime(CLOCK_BOOTTIME, &ts); /* cannot fail */
	return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_us(void)
{
	struct timespec ts;

	(void) clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
	return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int clock_left(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms < 0)
		return -1;
	left = deadline_ms - clock_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int) left;
}

static const struct {
	const char *name;
	uint64_t ns;
} duration_units[] = {
	{ "ns", 1 },	       { "us", 1000 }, { "\xc2\xb5s", 1000 }, /* U+00B5, the micro sign */
	{ "\xce\xbcs", 1000 }, /* U+03BC, the Greek letter */
	{ "ms", 1000000 },     { "s", NS },    { "m", 60ULL * NS },   { "h", 3600ULL * NS },
};

static uint64_t unit_of(const char *s, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(duration_units); i++)
		if (strlen(duration_units[i].name) == n &&
		    memcmp(duration_units[i].name, s, n) == 0)
			return duration_units[i].ns;
	return 0;
}

/* Read the digits at *s. -EINVAL above 2^63; *ret_n is the number of digits. */
static int leading_int(const char **s, uint64_t *ret, size_t *ret_n)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++, n++) {
		if (v > TWO_63 / 10)
			return -EINVAL;
		v = v * 10 + (uint64_t) (**s - '0');
		if (v > TWO_63)
			return -EINVAL;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

/* Read the digits after the point; those beyond the precision are dropped. */
static size_t leading_fraction(const char **s, uint64_t *ret, double *ret_scale)
{
	bool full = false;
	uint64_t v = 0;
	size_t n = 0;

	*ret_scale = 1;
	for (; **s >= '0' && **s <= '9'; (*s)++, n++) {
		full = full || v > (TWO_63 - 1) / 10;
		if (full)
			continue;
		v = v * 10 + (uint64_t) (**s - '0');
		*ret_scale *= 10;
	}
	*ret = v;
	return n;
}

/* Read one number with its unit ("1.5h") at *s. */
static int take_term(const char **s, uint64_t *ret)
{
	uint64_t fraction = 0;
	size_t n_fraction = 0;
	double scale = 1;
	uint64_t unit;
	uint64_t v;
	size_t n;
	int r;

	r = leading_int(s, &v, &n);
	if (r < 0)
		return r;
	if (**s == '.') {
		(*s)++;
		n_fraction = leading_fraction(s, &fraction, &scale);
	}
	if (n + n_fraction == 0)
		return -EINVAL;
	n = strcspn(*s, ".0123456789");
	unit = unit_of(*s, n);
	if (unit == 0 || v > TWO_63 / unit)
		return -EINVAL;
	*s += n;
	v *= unit;
	if (fraction > 0)
		v += (uint64_t) ((double) fraction * ((double) unit / scale));
	if (v > TWO_63)
		return -EINVAL;
	*ret = v;
	return 0;
}

int duration_parse(const char *s, int64_t *ret_ns)
{
	uint64_t total = 0;
	bool negative = *s == '-';
	uint64_t v;
	int r;

	if (*s == '-' || *s == '+')
		s++;
	if (strcmp(s, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	if (*s == '\0')
		return -EINVAL;
	while (*s != '\0') {
		r = take_term(&s, &v);
		if (r < 0)
			return r;
		total += v; /* both are at most 2^63, so an overflow can only give 0 */
		if (total > TWO_63 || total < v)
			return -EINVAL;
	}
	if (total == TWO_63 && !negative)
		return -EINVAL;
	*ret_ns = negative ? (int64_t) (0 - total) : (int64_t) total;
	return 0;
}

void duration_text(struct buf *out, int64_t ns)
{
	uint64_t u = ns < 0 ? 0 - (uint64_t) ns : (uint64_t) ns;
	char f[16];

	if (ns < 0)
		buf_addc(out, '-');
	if (u == 0) {
		buf_adds(out, "0s");
	} else if (u < 1000) {
		buf_addf(out, "%lluns", (unsigned long long) u);
	} else if (u < 1000000) {
		buf_addf(out, "%llu%s\xc2\xb5s", (unsigned long long) (u / 1000),
			 fraction_text(u % 1000, 3, f));
	} else if (u < NS) {
		buf_addf(out, "%llu%sms", (unsigned long long) (u / 1000000),
			 fraction_text(u % 1000000, 6, f));
	} else {
		uint64_t sec = u / NS;

		if (sec >= 3600)
			buf_addf(out, "%lluh", (unsigned long long) (sec / 3600));
		if (sec >= 60)
			buf_addf(out, "%llum", (unsigned long long) (sec / 60 % 60));
		buf_addf(out, "%llu%ss", (unsigned long long) (sec % 60),
			 fraction_text(u % NS, 9, f));
	}
}
