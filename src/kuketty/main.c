/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "kuketty.h"
#include "mem.h"
#include "path.h"
#include "str.h"

static int fail(const struct tty *t, const struct kerr *err)
{
	char text[KERR_TEXT_MAX];

	say(t, "%s", kerr_text(err, text, sizeof(text)));
	return EXIT_OURS;
}

/* Failing costs the messages, never the workload. */
static void open_log(struct tty *t)
{
	const struct ttyconfig_file *f = &t->config.log;
	struct stat st;
	int fd;

	if (f->path[0] == '\0')
		return;
	fd = open(f->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		say(t, "cannot write the log file '%s'", f->path);
		fd_close_p(&fd);
		return;
	}
	if (f->gid >= 0 && fchown(fd, (uid_t) -1, (gid_t) f->gid) < 0)
		say(t, "cannot give '%s' to group %lld", f->path, (long long) f->gid);
	else
		(void) fchmod(fd, f->mode);
	t->log = fd;
}

static void open_capture(struct tty *t)
{
	const struct ttyconfig_file *f = &t->config.capture;
	cleanup_free char *dir = path_dirname(f->path);
	struct history_options how = {
		.max_bytes = t->config.capture_bytes,
		.files = (int) t->config.capture_files,
		.mode = f->mode,
		.gid = f->gid,
	};

	how.dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (how.dir < 0 || strlen(path_basename(f->path)) >= sizeof(how.name))
		say(t, "cannot write the capture file '%s'", f->path);
	(void) snprintf(how.name, sizeof(how.name), "%s", path_basename(f->path));
	history_open(&t->history, &how);
}

static int run(struct tty *t, const char *config, struct kerr *err)
{
	int r;

	r = ttyconfig_read(config, &t->config, err);
	if (r < 0)
		return r;
	open_log(t);
	r = ending_open(t, err);
	if (r < 0)
		return r;
	open_capture(t);
	r = callers_listen(t, err);
	if (r < 0)
		return r;
	r = pty_start(t, err);
	if (r == 0)
		loop_run(t);
	(void) unlink(t->config.socket.path); /* the container may have removed it */
	return r;
}

static void init(struct tty *t)
{
	t->listener = t->signals = t->master = t->slave = -EBADF;
	t->log = STDERR_FILENO;
	t->kill_ms = t->close_ms = -1;
	for (size_t i = 0; i < ATTACHED_MAX; i++) {
		t->attached[i].fd = -EBADF;
		t->attached[i].out = t->out[i];
	}
	for (size_t i = 0; i < CALLERS_MAX; i++)
		t->caller[i].fd = t->caller[i].pass = -EBADF;
}

int main(int argc, char **argv)
{
	static struct tty t;
	const char *config = TTY_CONFIG;
	struct kerr err = { 0 };
	int r;

	init(&t);
	screen_init(&t.screen);
	if (argc == 3 && streq(argv[1], "--config")) {
		config = argv[2];
	} else if (argc != 1) {
		say(&t, "the first process of an attachable container: not started by hand");
		return EXIT_USAGE;
	}
	r = run(&t, config, &err);
	if (r < 0)
		return fail(&t, &err);
	ttyconfig_clear(&t.config);
	screen_free(&t.screen);
	return t.exit_code;
}
