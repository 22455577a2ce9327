/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "names_state.h"
#include "path.h"
#include "str.h"
#include "wake.h"

enum {
	SERVED_MAX = 1 << 20,
	WAIT_MS = 3000,
	LOOK_MS = 5,
	CLOCK_TEXT_MAX = 32,
	AGAIN_MAX = KERR_TEXT_MAX + 2 * CLOCK_TEXT_MAX,
	BEGIN_S = 5,
};

char *names_file(const struct engine *e, const char *name)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_NAMES);

	return path_join(dir, name, NULL);
}

bool names_is_wanted(const struct engine *e)
{
	cleanup_free char *mark = names_file(e, "wanted");

	return access(mark, F_OK) == 0;
}

void names_want(struct engine *e, bool wanted)
{
	cleanup_free char *mark = names_file(e, "wanted");
	cleanup_free char *dir = layout_rt(&e->layout, RT_NAMES);
	cleanup_fd int fd = -EBADF;

	if (!wanted) {
		if (unlink(mark) < 0)
			return;
		names_poke(e);
		(void) rmdir(dir); /* unless a keeper has begun: it takes that away itself */
		return;
	}
	if (access(mark, F_OK) == 0)
		return;
	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		wake_daemon(e);
}

void names_poke(const struct engine *e)
{
	cleanup_free char *file = names_file(e, "poke");

	(void) utimensat(AT_FDCWD, file, NULL, 0); /* the keeper makes it, and watches it */
}

static int lock_file(const struct engine *e, int flags)
{
	cleanup_free char *file = names_file(e, "lock");

	return open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
}

int names_hold(const struct engine *e, struct kerr *err)
{
	const struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	cleanup_fd int fd = lock_file(e, O_CREAT);
	struct stat st;

	if (fd < 0)
		return kerr_set(err, -errno, "open the lock of the resolver's keeper");
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
		return kerr_set(err, -errno, "take the lock of the resolver's keeper");
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return kerr_set(err, -EAGAIN, "take the lock of the resolver's keeper");
	return take_fd(fd);
}

void names_leave(const struct engine *e)
{
	static const char *const files[] = { "served", "rules", "poke", "again", "lock" };
	cleanup_free char *dir = layout_rt(&e->layout, RT_NAMES);

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		cleanup_free char *file = names_file(e, files[i]);

		(void) unlink(file);
	}
	(void) rmdir(dir); /* unless a keeper is wanted again */
}

/* ---- what is served ---- */

/* Asked without taking the lock (F_OFD_GETLK, fcntl(2)): a keeper that starts is in no way. */
static bool keeper_lives(const struct engine *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	cleanup_fd int fd = lock_file(e, 0);

	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

void names_served_clear(struct names_served *s)
{
	strlist_clear(&s->bridges);
}

void names_served_load(const struct engine *e, struct names_served *ret)
{
	cleanup_free char *file = names_file(e, "served");
	cleanup_buf struct buf text = BUF_INIT(SERVED_MAX);
	const char *line;
	size_t n;

	*ret = (struct names_served){ 0 };
	if (file_read_at(AT_FDCWD, file, SERVED_MAX, &text, NULL) < 0 || !keeper_lives(e))
		return;
	for (line = buf_str(&text); *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		strlist_add_owned(&ret->bridges, xstrndup(line, n));
	}
	strlist_sort(&ret->bridges);
}

int names_served_save(const struct engine *e, const struct strlist *bridges, struct kerr *err)
{
	cleanup_free char *file = names_file(e, "served");
	cleanup_buf struct buf text = BUF_INIT(SERVED_MAX);

	for (size_t i = 0; i < bridges->n; i++)
		buf_addf(&text, "%s\n", bridges->v[i]);
	return atomic_write_at(AT_FDCWD, file, buf_str(&text), text.len, 0600, ATOMIC_WRITE_NOSYNC,
			       err);
}

bool names_serves(const struct names_served *s, const char *bridge)
{
	return strlist_find(&s->bridges, bridge);
}

void names_rules_known(const struct engine *e)
{
	cleanup_free char *mark = names_file(e, "rules");
	cleanup_fd int fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	(void) fd; /* without it, they are read again */
}

bool names_rules_are_known(const struct engine *e)
{
	cleanup_free char *mark = names_file(e, "rules");

	return access(mark, F_OK) == 0;
}

void names_rules_changed(const struct engine *e)
{
	cleanup_free char *mark = names_file(e, "rules");

	(void) unlink(mark);
}

static char *trouble_file(const struct engine *e, const char *bridge)
{
	cleanup_free char *name = xasprintf("trouble.%s", bridge);

	return names_file(e, name);
}

char *names_trouble(const struct engine *e, const char *bridge)
{
	cleanup_free char *file = trouble_file(e, bridge);
	cleanup_buf struct buf text = BUF_INIT(KERR_TEXT_MAX);

	return file_read_at(AT_FDCWD, file, KERR_TEXT_MAX, &text, NULL) == 0 ? buf_take(&text)
									     : NULL;
}

int names_trouble_set(const struct engine *e, const char *bridge, const char *why)
{
	cleanup_free char *file = trouble_file(e, bridge), *before = names_trouble(e, bridge);

	if (streq(before ? before : "", why))
		return 0;
	if (!*why)
		(void) unlink(file);
	else /* if this fails, it is only told again */
		(void) atomic_write_at(AT_FDCWD, file, why, strlen(why), 0600, ATOMIC_WRITE_NOSYNC,
				       NULL);
	return 1;
}

static bool serves(const struct engine *e, const char *bridge)
{
	cleanup_names_served struct names_served served = { 0 };

	names_served_load(e, &served);
	return names_serves(&served, bridge);
}

/* A keeper that was wanted just now, or ended, has this long to begin. */
static bool begins(const struct engine *e)
{
	cleanup_free char *mark = names_file(e, "wanted");
	struct stat st;
	int64_t age;

	if (stat(mark, &st) < 0)
		return true;
	age = (int64_t) ktime_now().sec - st.st_mtim.tv_sec;
	return age >= 0 && age < BEGIN_S;
}

char *names_unanswered(const struct engine *e, const char *bridge)
{
	cleanup_free char *daemon = layout_rt(&e->layout, RT_WAKE_SOCKET);
	cleanup_free char *why = NULL;

	if (access(daemon, F_OK) < 0)
		return NULL;
	why = names_trouble(e, bridge);
	if (!why && (serves(e, bridge) || begins(e)))
		return NULL;
	return xasprintf("cells' queries for names are not answered: %s",
			 why ? why : "the resolver of cells (kukedns) does not run");
}

/* ---- how kukedns is ---- */

void names_health_clear(struct names_health *h)
{
	free_p(&h->why);
}

void names_health_answered(int lock_fd)
{
	char text[CLOCK_TEXT_MAX];
	int n = snprintf(text, sizeof(text), "%016lld\n", (long long) clock_ms());

	if (pwrite(lock_fd, text, (size_t) n, 0) < 0)
		return; /* it is taken for one that does not answer */
}

/* The number at the start of a line, 0 for anything else. *text moves behind it. */
static int64_t take_number(const char **text)
{
	size_t n = strcspn(*text, " \n");
	cleanup_free char *word = xstrndup(*text, n);
	uint64_t v = 0;

	*text += n + ((*text)[n] != '\0');
	return str_to_u64(word, 0, INT64_MAX, &v) < 0 ? 0 : (int64_t) v;
}

static int64_t load_answered(const struct engine *e)
{
	cleanup_free char *file = names_file(e, "lock");
	cleanup_buf struct buf text = BUF_INIT(CLOCK_TEXT_MAX);
	const char *p;

	if (file_read_at(AT_FDCWD, file, CLOCK_TEXT_MAX, &text, NULL) < 0)
		return 0;
	p = buf_str(&text);
	return take_number(&p);
}

static void load_again(const struct engine *e, struct names_health *ret)
{
	cleanup_free char *file = names_file(e, "again");
	cleanup_buf struct buf text = BUF_INIT(AGAIN_MAX);
	const char *p;

	if (file_read_at(AT_FDCWD, file, AGAIN_MAX, &text, NULL) < 0)
		return;
	p = buf_str(&text);
	ret->again_ms = take_number(&p);
	ret->again = take_number(&p);
	free(ret->why);
	ret->why = xstrdup(p);
}

void names_health_again(const struct engine *e, const char *why)
{
	cleanup_names_health struct names_health h = { 0 };
	cleanup_free char *file = names_file(e, "again");
	cleanup_buf struct buf text = BUF_INIT(AGAIN_MAX);

	load_again(e, &h);
	buf_addf(&text, "%lld %lld\n%s", (long long) clock_ms(), (long long) h.again + 1, why);
	(void) atomic_write_at(AT_FDCWD, file, buf_str(&text), text.len, 0600, ATOMIC_WRITE_NOSYNC,
			       NULL); /* it is in the log as well */
}

void names_health_begin(const struct engine *e, int lock_fd)
{
	if (load_answered(e) > 0)
		names_health_again(e, "its keeper was killed");
	names_health_answered(lock_fd);
}

void names_health_end(const struct engine *e, int lock_fd)
{
	cleanup_free char *file = names_file(e, "again");

	(void) unlink(file);
	if (ftruncate(lock_fd, 0) < 0)
		log_dbg("the next keeper will take this one for killed", "error", strerror(errno));
}

void names_health_load(const struct engine *e, struct names_health *ret)
{
	cleanup_names_served struct names_served served = { 0 };
	bool lives;

	*ret = (struct names_health){ .wanted = names_is_wanted(e) };
	if (!ret->wanted)
		return;
	lives = keeper_lives(e);
	ret->kept = lives || begins(e);
	if (lives) {
		names_served_load(e, &served);
		ret->answered_ms = load_answered(e);
	}
	ret->bridges = served.bridges.n;
	load_again(e, ret);
}

bool names_wait(const struct engine *e, const char *bridge)
{
	cleanup_free char *daemon = layout_rt(&e->layout, RT_WAKE_SOCKET);
	int64_t end = clock_ms() + WAIT_MS;

	while (!serves(e, bridge)) {
		cleanup_free char *why = names_trouble(e, bridge);

		if (why || access(daemon, F_OK) < 0 || clock_ms() >= end)
			return false;
		(void) poll(NULL, 0, LOOK_MS);
	}
	return true;
}
