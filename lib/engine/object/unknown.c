/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "atomic.h"
#include "buf.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "unknown.h"

#define UNKNOWN_FILE ".unknown" /* in the runtime directory: warnings logged since the boot */
#define UNKNOWN_FILE_MAX (1 << 20)
#define UNKNOWN_MAX 1000 /* limit per sweep; more are logged once these are gone */
#define LINE_MAX_BYTES 4096

void unknown_note(struct engine *e, const char *path, const char *why)
{
	cleanup_buf struct buf line = BUF_INIT(LINE_MAX_BYTES);

	if (e->unknown.n >= UNKNOWN_MAX)
		return;
	buf_addf(&line, "%s: ", why);
	str_vis(&line, path, strlen(path));
	if (!line.failed && !strlist_has(&e->unknown, buf_str(&line)))
		strlist_add(&e->unknown, buf_str(&line));
}

static void read_logged(const char *file, struct strlist *ret)
{
	cleanup_buf struct buf text = BUF_INIT(UNKNOWN_FILE_MAX);
	char *rest, *line;

	if (file_read_at(AT_FDCWD, file, UNKNOWN_FILE_MAX, &text, NULL) < 0)
		return;
	rest = (char *) (uintptr_t) buf_str(&text);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line)
			strlist_add(ret, line);
}

void unknown_tell(struct engine *e)
{
	cleanup_free char *file = path_join(e->layout.runtime_dir, UNKNOWN_FILE, NULL);
	cleanup_buf struct buf text = BUF_INIT(UNKNOWN_FILE_MAX);
	cleanup_strlist struct strlist logged = { 0 };
	bool changed = false;

	read_logged(file, &logged);
	for (size_t i = 0; i < e->unknown.n; i++) {
		buf_adds(&text, e->unknown.v[i]);
		buf_addc(&text, '\n');
		if (strlist_has(&logged, e->unknown.v[i]))
			continue;
		changed = true;
		log_wrn("left alone", "what", e->unknown.v[i]);
	}
	/* If this fails, the warnings are only logged again. */
	if ((changed || e->unknown.n != logged.n) && !text.failed)
		(void) atomic_write_at(AT_FDCWD, file, buf_str(&text), text.len, 0600,
				       ATOMIC_WRITE_NOSYNC, NULL);
	strlist_clear(&e->unknown);
}
