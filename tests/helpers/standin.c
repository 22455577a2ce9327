/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * standin KIND DIR: does, at start, in between and at the end, the calls of a
 * well-known server that containers have been found to get in the way of.
 *
 *   postgres   not root; a data directory of its own; a lock file and a socket in
 *              /run/postgresql; shared memory of both kinds; a worker process
 *   mariadb    not root; more descriptors; socket and pid file in /run/mysqld
 *   redis      not root; saves by a child and a rename
 *   nginx      root; a privileged port, a directory for its worker, whose user it
 *              becomes; logs to /dev/stdout
 *   sshd       root; /run/sshd; a child without rights in a root of its own, a
 *              terminal that is given to another user
 *
 * It answers each connection to the server's port with "KIND N", where N counts the answers
 * since the data were made, and ends on SIGINT or SIGTERM with the count on the
 * disk. What a call says that fails is the last line, with status 1.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKER 33 /* uid and gid that nginx becomes, and sshd gives a terminal to */
#define DESCRIPTORS 32184 /* that MariaDB asks for by default */

static const char *kind, *dir;
static char data[4096];
static long count;

static void fail(const char *what)
{
	printf("%s: %s: %s\n", kind, what, strerror(errno));
	fflush(stdout);
	_exit(1);
}

#define MUST(call)                   \
	do {                         \
		if ((call) < 0)      \
			fail(#call); \
	} while (0)

static bool is(const char *name)
{
	return strcmp(kind, name) == 0;
}

/* ---- data ---- */

static void load(void)
{
	FILE *f = fopen(data, "r");

	if (f == NULL && errno != ENOENT)
		fail("open the data");
	if (f != NULL && fscanf(f, "%ld", &count) != 1) {
		errno = EBADMSG;
		fail("read the data");
	}
	if (f != NULL)
		fclose(f);
}

static void save(void)
{
	char temp[4200];
	FILE *f;

	snprintf(temp, sizeof(temp), "%s.new", data);
	f = fopen(temp, "w");
	if (f == NULL || fprintf(f, "%ld\n", count) < 0 || fflush(f) != 0)
		fail("write the data");
	MUST(fsync(fileno(f)));
	fclose(f);
	MUST(rename(temp, data));
}

/* Redis: a child saves, and the parent goes on. */
static void save_by_child(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		save();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	if (status != 0)
		fail("the child that saves");
}

/* ---- what each does at its start ---- */

static void unix_socket(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	(void) unlink(path);
	if (bind(fd, (struct sockaddr *) &sa, sizeof(sa)) < 0)
		fail(path);
	MUST(listen(fd, 8));
}

static void own_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		fail(path);
	dprintf(fd, "%d\n", (int) getpid());
	close(fd);
}

static void no_root(void)
{
	errno = EPERM;
	if (geteuid() == 0)
		fail("must not be started as root");
}

static void begin_postgres(void)
{
	struct stat st;
	void *p;
	int fd, id;

	no_root();
	MUST(stat(dir, &st));
	errno = EPERM;
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		fail("the data directory has another owner or mode");
	own_file("/run/postgresql/.s.PGSQL.5432.lock");
	unix_socket("/run/postgresql/.s.PGSQL.5432");
	MUST(fd = shm_open("/PostgreSQL.1", O_RDWR | O_CREAT | O_EXCL, 0600));
	MUST(ftruncate(fd, 1 << 20));
	p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		fail("map shared memory");
	memset(p, 1, 1 << 20);
	MUST(shm_unlink("/PostgreSQL.1"));
	MUST(id = shmget(IPC_PRIVATE, 56, IPC_CREAT | 0600));
	if (shmat(id, NULL, 0) == (void *) -1)
		fail("shmat");
	MUST(shmctl(id, IPC_RMID, NULL));
}

static void begin_mariadb(void)
{
	struct rlimit r;

	no_root();
	MUST(getrlimit(RLIMIT_NOFILE, &r));
	r.rlim_cur = r.rlim_max < DESCRIPTORS ? r.rlim_max : DESCRIPTORS;
	MUST(setrlimit(RLIMIT_NOFILE, &r));
	printf("mariadb: %llu descriptors\n", (unsigned long long) r.rlim_cur);
	unix_socket("/run/mysqld/mysqld.sock");
	(void) unlink("/run/mysqld/mysqld.pid");
	own_file("/run/mysqld/mysqld.pid");
}

static void begin_redis(void)
{
	no_root();
	save_by_child();
}

/* Become the user that serves, as root's child. */
static void become_worker(void)
{
	MUST(setgroups(0, NULL));
	MUST(setgid(WORKER));
	MUST(setuid(WORKER));
	if (setuid(0) == 0)
		fail("the worker can become root again");
}

static void begin_nginx(void)
{
	char body[4200];
	int fd;

	snprintf(body, sizeof(body), "%s/body", dir);
	if (mkdir(body, 0700) < 0 && errno != EEXIST)
		fail(body);
	MUST(chown(body, WORKER, WORKER));
	MUST(fd = open("/dev/stdout", O_WRONLY | O_APPEND | O_CREAT, 0644));
	dprintf(fd, "nginx: this is its log\n");
	close(fd);
	MUST(fd = open("/dev/stderr", O_WRONLY | O_APPEND));
	close(fd);
}

static void begin_sshd(void)
{
	struct stat st;
	int status, fd, pty;
	const char *name;
	pid_t pid;

	if (stat("/run/sshd", &st) < 0)
		fail("Missing privilege separation directory: /run/sshd");
	errno = EPERM;
	if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		fail("/run/sshd must be owned by root and not group or world-writable.");
	MUST(pid = fork());
	if (pid == 0) {
		MUST(chroot("/run/sshd"));
		MUST(chdir("/"));
		become_worker();
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	if (status != 0)
		fail("the child without rights");
	MUST(pty = posix_openpt(O_RDWR | O_NOCTTY));
	MUST(grantpt(pty));
	MUST(unlockpt(pty));
	name = ptsname(pty);
	if (name == NULL)
		fail("ptsname");
	MUST(chown(name, WORKER, -1));
	MUST(chmod(name, 0620));
	MUST(pid = fork());
	if (pid == 0) {
		MUST(setsid());
		become_worker();
		MUST(fd = open(name, O_RDWR));
		dprintf(fd, "hello\n");
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	if (status != 0)
		fail("the terminal's new user");
}

/* ---- serving ---- */

static int listener(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t) port) };
	const int on = 1;
	int fd;

	MUST(fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	MUST(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	MUST(bind(fd, (struct sockaddr *) &sa, sizeof(sa)));
	MUST(listen(fd, 16));
	return fd;
}

static void reply(int fd)
{
	int c = accept(fd, NULL, NULL);

	if (c < 0)
		return;
	dprintf(c, "%s %ld\n", kind, ++count);
	close(c);
}

static void serve(int fd, int signals)
{
	struct pollfd p[2] = { { fd, POLLIN, 0 }, { signals, POLLIN, 0 } };
	struct signalfd_siginfo si;

	printf("%s: ready\n", kind);
	fflush(stdout);
	for (;;) {
		MUST(poll(p, 2, -1));
		if (p[0].revents)
			reply(fd);
		if (!p[1].revents || read(signals, &si, sizeof(si)) != (ssize_t) sizeof(si))
			continue;
		if (si.ssi_signo == SIGCHLD)
			continue;
		break;
	}
	printf("%s: ends on signal %u\n", kind, si.ssi_signo);
	if (is("redis"))
		save_by_child();
	else
		save();
	if (is("postgres"))
		MUST(unlink("/run/postgresql/.s.PGSQL.5432.lock"));
	fflush(stdout);
}

static const struct server {
	const char *name;
	int port;
	void (*begin)(void);
} servers[] = {
	{ "postgres", 5432, begin_postgres }, { "mariadb", 3306, begin_mariadb },
	{ "redis", 6379, begin_redis },	      { "nginx", 80, begin_nginx },
	{ "sshd", 22, begin_sshd },
};

int main(int argc, char **argv)
{
	sigset_t set;
	int fd, signals;
	size_t i;

	if (argc != 3)
		return 2;
	kind = argv[1];
	dir = argv[2];
	snprintf(data, sizeof(data), "%s/data", dir);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	MUST(sigprocmask(SIG_BLOCK, &set, NULL));
	MUST(signals = signalfd(-1, &set, SFD_CLOEXEC));
	for (i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		if (!is(servers[i].name))
			continue;
		load();
		fd = listener(servers[i].port);
		servers[i].begin();
		serve(fd, signals);
		return 0;
	}
	return 2;
}
