/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>

#include "caps.h"
#include "fd.h"
#include "mem.h"
#include "unit.h"

static const char *name_of(int cap)
{
	static char name[CAPS_NAME_MAX];

	return caps_name(cap, name);
}

START_TEST(names)
{
	static const char *const none[] = { "CAP_",  "",	 "CAP_NET_RAWX", "7",
					    "cap_7", "net_raw ", "net_raw=ep",	 "cap_cap_net_raw",
					    "all",   "net-raw",	 "net_raw,chown" };
	char name[CAPS_NAME_MAX];
	char endless[CAPS_NAME_MAX * 2];
	size_t i;
	int cap;

	ck_assert_str_eq(name_of(CAP_CHOWN), "CAP_CHOWN");
	ck_assert_str_eq(name_of(CAP_NET_RAW), "CAP_NET_RAW");
	ck_assert_str_eq(name_of(CAP_CHECKPOINT_RESTORE), "CAP_CHECKPOINT_RESTORE");
	/* all that the kernel's header has, libcap has by name */
	for (cap = 0; cap < CAPS_MAX; cap++) {
		(void) caps_name(cap, name);
		ck_assert_int_eq(strncmp(name, "CAP_", 4), 0);
		ck_assert_int_eq(caps_from_name(name), cap);
		ck_assert_int_eq(caps_from_name(name + 4), cap);
	}
	ck_assert_int_eq(caps_from_name("net_raw"), CAP_NET_RAW);
	ck_assert_int_eq(caps_from_name("Cap_Net_Raw"), CAP_NET_RAW);
	for (i = 0; i < ARRAY_SIZE(none); i++)
		ck_assert_msg(caps_from_name(none[i]) == -EINVAL, "%s", none[i]);
	memset(endless, 'a', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	ck_assert_int_eq(caps_from_name(endless), -EINVAL);
}
END_TEST

START_TEST(bounding)
{
	ck_assert(caps_in_bounding(CAP_MKNOD));
	ck_assert_int_eq(prctl(PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0), 0);
	ck_assert(!caps_in_bounding(CAP_MKNOD));
	ck_assert(caps_in_bounding(CAP_CHOWN));
	ck_assert(!caps_in_bounding(63));
}
END_TEST

/* A line of /proc/self/status, as the kernel has it. */
static uint64_t own_set(const char *key)
{
	cleanup_buf struct buf text = BUF_INIT(1 << 16);
	const char *at;

	ck_assert_int_eq(file_read_at(AT_FDCWD, "/proc/self/status", 1 << 16, &text, NULL), 0);
	at = strstr(buf_str(&text), key);
	ck_assert_ptr_nonnull(at);
	return strtoull(at + strlen(key), NULL, 16);
}

START_TEST(keeping)
{
	static const int few[] = { CAP_CHOWN, CAP_FOWNER, CAP_MKNOD };
	static const int more[] = { CAP_CHOWN, CAP_SYS_ADMIN };
	uint64_t want = 1U << CAP_CHOWN | 1U << CAP_FOWNER | 1U << CAP_MKNOD;

	ck_assert_int_eq(caps_keep_only(few, ARRAY_SIZE(few), NULL), 0);
	ck_assert_uint_eq(own_set("CapPrm:"), want);
	ck_assert_uint_eq(own_set("CapEff:"), want);
	ck_assert_uint_eq(own_set("CapInh:"), 0);
	ck_assert_uint_eq(own_set("CapAmb:"), 0);
	/* what is gone does not come back */
	ck_assert_int_eq(caps_keep_only(more, ARRAY_SIZE(more), NULL), 0);
	ck_assert_uint_eq(own_set("CapPrm:"), 1U << CAP_CHOWN);
	ck_assert_int_eq(caps_keep_only(NULL, 0, NULL), 0);
	ck_assert_uint_eq(own_set("CapPrm:"), 0);
	ck_assert_uint_eq(own_set("CapEff:"), 0);
}
END_TEST

static Suite *test_caps(void)
{
	Suite *s = suite_create("caps");
	TCase *tc = tcase_create("caps");

	tcase_add_test(tc, names);
	tcase_add_test(tc, bounding);
	tcase_add_test(tc, keeping);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_caps);
