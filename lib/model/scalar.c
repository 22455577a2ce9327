/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>

#include "node.h"
#include "scalar.h"

#include "buf.h"
#include "str.h"

enum {
	NUMBER_TEXT_MAX = 400, /* a longer one is a string; DBL_MAX has 309 digits */
};

static bool word_in(const char *s, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (streq(words[i], s))
			return true;
	return false;
}

static const char *const null_words[] = { "", "~", "null", "Null", "NULL", NULL };
static const char *const bool_words[] = { "true", "True", "TRUE", "false", "False", "FALSE", NULL };
static const char *const float_words[] = { ".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",
					   ".INF",  "+.inf", "+.Inf", "+.INF", "-.inf",
					   "-.Inf", "-.INF", NULL };
static const char *const old_bools[] = { "y", "Y",  "yes", "Yes", "YES", "on",	"On",  "ON", "n",
					 "N", "no", "No",  "NO",  "off", "Off", "OFF", NULL };

bool scalar_is_old_bool(const char *s)
{
	return word_in(s, old_bools);
}

static size_t digits(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && isdigit((unsigned char) s[n]))
		n++;
	return n;
}

bool scalar_is_base60(const char *s)
{
	size_t groups = 0;

	s += *s == '+' || *s == '-';
	if (!isdigit((unsigned char) *s))
		return false;
	s += strspn(s, "0123456789_");
	for (; *s == ':'; groups++) {
		s++;
		if (!isdigit((unsigned char) *s))
			return false;
		if (isdigit((unsigned char) s[1])) {
			if (*s > '5')
				return false;
			s++;
		}
		s++;
	}
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789_");
	return groups > 0 && !*s;
}

/* One or two digits in [min, max]; advances *s. */
static bool two_digits(const char **s, long min, long max, long *ret)
{
	size_t n = digits(*s, 2);
	long v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + ((*s)[i] - '0');
	*s += n;
	*ret = v;
	return n > 0 && v >= min && v <= max;
}

static bool skip_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool clock_part(const char **s)
{
	long v;

	if (!two_digits(s, 0, 23, &v) || !skip_char(s, ':') || !two_digits(s, 0, 59, &v) ||
	    !skip_char(s, ':') || !two_digits(s, 0, 59, &v))
		return false;
	if (**s == '.' && digits(*s + 1, 1))
		*s += 1 + digits(*s + 1, SIZE_MAX);
	return true;
}

static bool zone_part(const char **s)
{
	long v;

	if (skip_char(s, 'Z'))
		return true;
	if (**s != '+' && **s != '-')
		return false;
	(*s)++;
	return digits(*s, 2) == 2 && two_digits(s, 0, 24, &v) && skip_char(s, ':') &&
	       digits(*s, 2) == 2 && two_digits(s, 0, 60, &v);
}

static bool is_time(const char *s)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	long year, month, day;
	bool leap;

	if (digits(s, 5) != 4 || s[4] != '-')
		return false;
	year = (s[0] - '0') * 1000L + (s[1] - '0') * 100 + (s[2] - '0') * 10 + (s[3] - '0');
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	s += 5;
	if (!two_digits(&s, 1, 12, &month) || !skip_char(&s, '-') || !two_digits(&s, 1, 31, &day))
		return false;
	if (day > days[month - 1] + (month == 2 && leap))
		return false;
	if (!*s)
		return true;
	if (*s == ' ')
		return s++, clock_part(&s) && !*s;
	if (*s != 'T' && *s != 't')
		return false;
	s++;
	return clock_part(&s) && zone_part(&s) && !*s;
}

int scalar_to_time(const char *s, struct ktime *ret)
{
	cleanup_buf struct buf text = BUF_INIT(128);
	static const char after[] = "--T::";
	const char *p = s;
	long part[6] = { 0 };

	if (!is_time(s))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(part) && *p; i++) {
		for (; isdigit((unsigned char) *p); p++)
			part[i] = part[i] * 10 + (*p - '0');
		p += i + 1 < ARRAY_SIZE(part) && *p; /* skip the separator */
	}
	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		buf_addf(&text, "%0*ld%.1s", i == 0 ? 4 : 2, part[i], after + i);
	buf_adds(&text, p);
	if (!strpbrk(p, "Z+-"))
		buf_addc(&text, 'Z');
	return text.failed ? -EINVAL : ktime_parse(buf_str(&text), ret);
}

/* Copy without underscores; false if too long for a number. */
static bool number_text(const char *s, char ret[NUMBER_TEXT_MAX])
{
	size_t n = 0;

	for (; *s; s++) {
		if (*s == '_')
			continue;
		if (n == NUMBER_TEXT_MAX - 1)
			return false;
		ret[n++] = *s;
	}
	ret[n] = 0;
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Parse an integer. -EINVAL: not one; -ERANGE: more than 64 bits. *ret_neg: negative. */
static int int_text(const char *s, uint64_t *ret, bool *ret_neg)
{
	uint64_t v = 0;
	bool big = false;
	int base = 10;

	*ret_neg = *s == '-';
	s += *s == '+' || *s == '-';
	if (*s == '0' && s[1]) {
		s++;
		switch (*s | 0x20) {
		case 'x':
			base = 16, s++;
			break;
		case 'o':
			base = 8, s++;
			break;
		case 'b':
			base = 2, s++;
			break;
		default:
			base = 8;
		}
	}
	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (digit_value(*s) >= base)
			return -EINVAL;
		big |= __builtin_mul_overflow(v, (uint64_t) base, &v);
		big |= __builtin_add_overflow(v, (uint64_t) digit_value(*s), &v);
	}
	*ret = v;
	return big || (*ret_neg && v > (uint64_t) INT64_MAX + 1) ? -ERANGE : 0;
}

/* A decimal number as written: its digits and a power of ten to multiply by. */
struct decimal {
	const char *digits; /* may contain a decimal point */
	size_t n; /* characters of digits */
	int64_t exponent; /* of ten, for the digits as one integer */
	bool neg;
};

static int64_t exponent_text(const char *s)
{
	int64_t v = 0;
	bool neg = *s == '-';

	s += *s == '+' || *s == '-';
	for (; *s; s++)
		if (v < INT32_MAX)
			v = v * 10 + (*s - '0');
	return neg ? -v : v;
}

static bool decimal_text(const char *s, struct decimal *ret)
{
	const char *p = s + (*s == '+' || *s == '-');
	size_t before = digits(p, SIZE_MAX), after = 0;
	const char *start;

	*ret = (struct decimal){ .digits = p, .neg = *s == '-' };
	p += before;
	if (*p == '.') {
		after = digits(p + 1, SIZE_MAX);
		p += 1 + after;
	}
	ret->n = (size_t) (p - ret->digits);
	ret->exponent = -(int64_t) after;
	if (before + after == 0)
		return false;
	if (*p == 'e' || *p == 'E') {
		start = ++p;
		p += *p == '+' || *p == '-';
		if (!digits(p, 1))
			return false;
		p += digits(p, SIZE_MAX);
		if (!*p)
			ret->exponent += exponent_text(start);
	}
	return !*p;
}

/* Whether a double can hold it; a larger number is a string. */
static bool decimal_is_float(const struct decimal *d)
{
	size_t i, significant = 0;

	for (i = 0; i < d->n; i++)
		if (d->digits[i] != '.' && (significant > 0 || d->digits[i] != '0'))
			significant++;
	return significant == 0 || d->exponent + (int64_t) significant <= DBL_MAX_10_EXP + 1;
}

/* Convert exactly to an integer. -EINVAL if it has a fraction, -ERANGE. */
static int decimal_to_i64(const struct decimal *d, int64_t *ret)
{
	int64_t v = 0, exponent = d->exponent, digit;
	size_t i, n = d->n;
	bool big = false;

	for (; n > 0 && exponent < 0; n--) {
		if (d->digits[n - 1] == '.')
			continue;
		if (d->digits[n - 1] != '0')
			return -EINVAL;
		exponent++;
	}
	for (i = 0; i < n; i++) {
		if (d->digits[i] == '.')
			continue;
		digit = d->digits[i] - '0';
		big |= __builtin_mul_overflow(v, 10, &v);
		/* negative, as INT64_MIN has no positive counterpart */
		big |= __builtin_sub_overflow(v, digit, &v);
	}
	for (; exponent > 0 && v != 0 && !big; exponent--)
		big |= __builtin_mul_overflow(v, 10, &v);
	if (big || (!d->neg && v == INT64_MIN))
		return -ERANGE;
	*ret = d->neg ? v : -v;
	return 0;
}

static enum node_tag number_tag(const char *s)
{
	char text[NUMBER_TEXT_MAX] = "";
	struct decimal d;
	uint64_t v;
	bool neg;

	if (!number_text(s, text))
		return NODE_TAG_STR;
	if (int_text(text, &v, &neg) == 0)
		return NODE_TAG_INT;
	return decimal_text(text, &d) && decimal_is_float(&d) ? NODE_TAG_FLOAT : NODE_TAG_STR;
}

enum node_tag scalar_tag(const char *s, size_t n)
{
	if (strlen(s) != n)
		return NODE_TAG_STR;
	if (word_in(s, null_words))
		return NODE_TAG_NULL;
	if (word_in(s, bool_words))
		return NODE_TAG_BOOL;
	if (word_in(s, float_words))
		return NODE_TAG_FLOAT;
	if (*s == '.' && strchr(s, '_'))
		return NODE_TAG_STR;
	if (!isdigit((unsigned char) *s) && !strchr("+-.", *s))
		return NODE_TAG_STR;
	return is_time(s) ? NODE_TAG_TIME : number_tag(s);
}

int scalar_to_i64(const char *s, int64_t *ret)
{
	char text[NUMBER_TEXT_MAX] = "";
	struct decimal d;
	uint64_t v = 0;
	bool neg = false;
	int r;

	if (!number_text(s, text))
		return -EINVAL;
	r = int_text(text, &v, &neg);
	if (r == 0) {
		if (!neg && v > INT64_MAX)
			return -ERANGE;
		*ret = neg ? (int64_t) -v : (int64_t) v;
		return 0;
	}
	if (!decimal_text(text, &d))
		return -EINVAL;
	return decimal_to_i64(&d, ret);
}

static bool is_letter(char c)
{
	return isalpha((unsigned char) c) || (unsigned char) c >= 0x80;
}

/*
 * The number that starts at s[i]. If digits before i continue the number and are not
 * all zeros, it counts as larger.
 */
static int64_t key_number(const char *s, size_t i, bool inside, size_t *ret_end)
{
	int64_t v = inside;

	for (; isdigit((unsigned char) s[i]); i++)
		if (v < INT64_MAX / 10 - 1)
			v = v * 10 + (s[i] - '0');
	*ret_end = i;
	return v;
}

static bool nonzero_before(const char *s, size_t i)
{
	while (i-- > 0 && isdigit((unsigned char) s[i]))
		if (s[i] != '0')
			return true;
	return false;
}

int scalar_key_cmp(const char *a, const char *b)
{
	bool after_digit = false, inside = false, al, bl;
	size_t i = 0, a_end, b_end;
	int64_t x, y;

	for (; a[i] && a[i] == b[i]; i++)
		after_digit = isdigit((unsigned char) a[i]) != 0;
	if (!a[i] || !b[i])
		return (a[i] != 0) - (b[i] != 0);
	al = is_letter(a[i]);
	bl = is_letter(b[i]);
	if (al != bl)
		return al == after_digit ? -1 : 1;
	if (!al) {
		if (a[i] == '0' || b[i] == '0')
			inside = nonzero_before(a, i);
		x = key_number(a, i, inside, &a_end);
		y = key_number(b, i, inside, &b_end);
		if (x != y)
			return x < y ? -1 : 1;
		if (a_end != b_end)
			return a_end < b_end ? -1 : 1;
	}
	return (unsigned char) a[i] < (unsigned char) b[i] ? -1 : 1;
}
