/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "copy.h"
#include "listener.h"
#include "log.h"
#include "proc.h"
#include "server.h"
#include "sockets.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

/* A listener in a child, whose engine is a stub that counts in shared memory. */
static struct shared {
	int running; /* requests now */
	int most;
	int passes;
	int passes_running;
	int most_passes;
	int kinds[LISTENER_PASS_START + 1];
	int pass_ms; /* how long a pass takes */
	int64_t next_in_ms; /* what a pass asks for, -1: nothing */
	int pass_fails;
	int release; /* ends the requests that hold */
	int clients; /* of a test that have come so far */
	int frame_ms; /* of a request to be complete; 0: as in the daemon */
	int pid_writes; /* that were seen under way */
	int early_guests; /* let in before the pid was on record */
} * shared;

static struct tempdir dir;
static char *socket_path, *pid_file, *wake_dir, *wake_socket;
static struct listener_config config;
static pid_t daemon_pid;

static void set_up(void)
{
	dir = tempdir_make();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	*shared = (struct shared){ .next_in_ms = -1 };
	socket_path = path_join(dir.path, "rt/kukeond.sock", NULL);
	pid_file = path_join(dir.path, "rt/kukeond.pid", NULL);
	wake_dir = path_join(dir.path, "rt/wake", NULL);
	wake_socket = path_join(dir.path, "rt/wake.sock", NULL);
	config = (struct listener_config){ .socket = socket_path,
					   .pid_file = pid_file,
					   .wake_dir = wake_dir,
					   .wake_socket = wake_socket };
	log_init(LOG_LEVEL_NONE, LOG_STYLE_LOGFMT);
	ck_assert_int_eq(chmod(dir.path, 0755), 0);
}

static void tear_down(void)
{
	if (daemon_pid > 0)
		proc_kill_wait(daemon_pid);
	daemon_pid = 0;
	free_p(&socket_path);
	free_p(&pid_file);
	free_p(&wake_dir);
	free_p(&wake_socket);
	(void) munmap(shared, sizeof(*shared));
	tempdir_clear(&dir);
}

/*
 * Ping answers; GetImage sleeps as many milliseconds as its ref says, or until it is
 * released ("hold"); DeleteImage dies.
 */
static int stub(void *ctx, const struct rpc_method *m, const struct peer *peer, void *args,
		void *reply, struct rpc_fds *fds)
{
	struct rpc_image_args *image = args;
	struct rpc_ping_reply *ping = reply;
	int64_t ms = 0;
	int now;

	(void) ctx;
	(void) peer;
	(void) fds;
	if (m->id == RPC_PING) {
		ping->ok = true;
		ping->version = xasprintf("%d", (int) getpid());
		return 0;
	}
	if (m->id == RPC_DELETE_IMAGE)
		(void) raise(SIGKILL);
	(void) str_to_i64(image->ref, 0, 60000, &ms);
	now = __atomic_add_fetch(&shared->running, 1, __ATOMIC_SEQ_CST);
	if (now > shared->most)
		shared->most = now;
	while (streq(image->ref, "hold") && !__atomic_load_n(&shared->release, __ATOMIC_SEQ_CST))
		(void) usleep(2000);
	(void) usleep((useconds_t) ms * 1000);
	(void) __atomic_sub_fetch(&shared->running, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static enum listener_served serve(void *ctx, int fd, const struct peer *peer, int stop_fd,
				  enum listener_serve_flags flags)
{
	const struct rpc_server s = { .dispatch = stub,
				      .spool_dir = "/tmp",
				      .stop_fd = stop_fd,
				      .frame_ms = shared->frame_ms,
				      .idle_ms = LISTENER_IDLE_MS,
				      .max_requests = flags & LISTENER_SERVE_ONE ? 1 : 0 };

	(void) ctx;
	return rpc_serve(&s, fd, peer, NULL) == RPC_SERVED_IDLE ? LISTENER_SERVED_IDLE
								: LISTENER_SERVED_END;
}

static int pass(void *ctx, enum listener_pass kind, int64_t *ret_next_ms)
{
	int now = __atomic_add_fetch(&shared->passes_running, 1, __ATOMIC_SEQ_CST);

	(void) ctx;
	if (now > shared->most_passes)
		shared->most_passes = now;
	(void) usleep((useconds_t) shared->pass_ms * 1000);
	(void) __atomic_add_fetch(&shared->kinds[kind], 1, __ATOMIC_SEQ_CST);
	(void) __atomic_sub_fetch(&shared->passes_running, 1, __ATOMIC_SEQ_CST);
	(void) __atomic_add_fetch(&shared->passes, 1, __ATOMIC_SEQ_CST);
	if (shared->pass_fails)
		return -EIO;
	*ret_next_ms = shared->next_in_ms >= 0 ? clock_ms() + shared->next_in_ms : -1;
	return 0;
}

static const struct listener_ops ops = { .serve = serve, .reconcile = pass };

/* Wait until cond holds, two minutes at most: the machine may have other work. */
#define wait_for(cond)                                                       \
	do {                                                                 \
		int64_t wait_end_ = clock_ms() + 120000;                     \
		bool holds_; /* for once: it need not hold a moment later */ \
		while (!(holds_ = (cond)) && clock_ms() < wait_end_)         \
			(void) usleep(2000);                                 \
		ck_assert_msg(holds_, "no %s", #cond);                       \
	} while (0)

static bool connectable(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
	return connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0;
}

static void start(void)
{
	daemon_pid = fork();
	if (daemon_pid == 0)
		_exit(listener_run(&config, &ops, NULL) < 0);
	wait_for(connectable());
	wait_for(shared->passes > 0);
}

static int stop(int sig)
{
	int status = -1;

	ck_assert_int_eq(kill(daemon_pid, sig), 0);
	ck_assert_int_eq(waitpid(daemon_pid, &status, 0), daemon_pid);
	daemon_pid = 0;
	return status;
}

static struct rpc_client *dial(void)
{
	cleanup_free char *host = xasprintf("unix://%s", socket_path);
	struct rpc_client *c = NULL;
	struct kerr err = { 0 };

	ck_assert_msg(rpc_dial(host, &c, &err) == 0, "%s", err.msg);
	return c;
}

static int ping(struct rpc_client *c)
{
	struct rpc_no_args none = { 0 };
	struct rpc_ping_reply reply = { 0 };
	int r = rpc_call(c, RPC_PING, &none, &reply, NULL);

	model_clear(rpc_method_get(RPC_PING)->reply, &reply);
	return r;
}

static int sleep_there(struct rpc_client *c, const char *ms)
{
	struct rpc_image_args args = { .ref = (char *) (uintptr_t) ms };
	struct rpc_get_image_reply reply = { 0 };
	int r = rpc_call(c, RPC_GET_IMAGE, &args, &reply, NULL);

	model_clear(rpc_method_get(RPC_GET_IMAGE)->reply, &reply);
	return r;
}

/* The group that may use the socket in tests with several users. */
#define GROUP 4321

/* fn in a child of the test, as a user. Its result is the exit code. */
static pid_t as_user(uid_t uid, int (*fn)(const void *arg), const void *arg)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (uid != 0 && (setgroups(0, NULL) < 0 || setgid(GROUP) < 0 || setuid(uid) < 0))
		_exit(2);
	_exit(fn(arg));
}

static int sleep_as(const void *ms)
{
	return sleep_there(dial(), ms) < 0;
}

static int ping_as(const void *arg)
{
	(void) arg;
	return ping(dial()) < 0;
}

/* A client in a child of the test: dials and sleeps there. Exit 0 when answered. */
static pid_t sleeper(const char *ms, uid_t uid)
{
	return as_user(uid, sleep_as, ms);
}

static void check_exit(pid_t pid)
{
	int status = -1;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* Children the daemon has now. */
static unsigned children(void)
{
	cleanup_free char *path = xasprintf("/proc/%d/task/%d/children", daemon_pid, daemon_pid);
	struct buf text = BUF_INIT(65536);
	unsigned n = 0;
	size_t i;

	ck_assert_int_ge(sys_read(AT_FDCWD, path, &text), 0);
	for (i = 0; i < text.len; i++)
		n += text.data[i] == ' ';
	buf_clear(&text);
	return n;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

START_TEST(files_and_modes)
{
	struct stat st;
	struct buf text = BUF_INIT(32);
	cleanup_free char *want = NULL;

	config.gid = (gid_t) (_i == 0 ? 0 : 4321);
	start();
	ck_assert_int_eq(mode_of(socket_path), _i == 0 ? 0600 : 0660);
	ck_assert_int_eq(stat(socket_path, &st), 0);
	ck_assert_uint_eq(st.st_gid, config.gid);
	ck_assert_int_eq(mode_of(pid_file), 0644);
	ck_assert_int_eq(mode_of(wake_dir), 0700);
	ck_assert_int_eq(mode_of(wake_socket), 0600);
	want = xasprintf("%d\n", (int) daemon_pid);
	ck_assert_int_eq(file_read_at(AT_FDCWD, pid_file, 32, &text, NULL), 0);
	ck_assert_str_eq(buf_str(&text), want);
	buf_clear(&text);
	ck_assert_int_eq(stop(SIGTERM), 0);
	ck_assert_int_eq(mode_of(socket_path), 0);
	ck_assert_int_eq(mode_of(pid_file), 0);
	ck_assert_int_eq(mode_of(wake_socket), 0);
}
END_TEST

START_TEST(hundred_at_once)
{
	struct rpc_client *c[100];
	pid_t pids[100];
	size_t i;

	start();
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = sleeper("20", 0);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		check_exit(pids[i]);
	ck_assert_int_le(shared->most, LISTENER_MAX_CHILDREN + LISTENER_ROOT_SLOTS);
	/* A connection that says nothing costs no process. */
	wait_for(children() == 0);
	for (i = 0; i < ARRAY_SIZE(c); i++)
		c[i] = dial();
	(void) usleep(50000);
	ck_assert_uint_eq(children(), 0);
	ck_assert_int_eq(ping(c[99]), 0);
	for (i = 0; i < ARRAY_SIZE(c); i++)
		rpc_client_free(c[i]);
	wait_for(children() == 0);
}
END_TEST

/* All slots are taken by others: root is served, and who asks whether we live is answered. */
START_TEST(cap_in_all)
{
	pid_t pids[12];
	size_t i;

	config.max_children = 4; /* one for each user */
	config.gid = GROUP;
	start();
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = sleeper("hold", (uid_t) (5000 + i));
	wait_for(shared->running == 4);
	check_exit(as_user(0, sleep_as, "1"));
	check_exit(as_user(5000, ping_as, NULL));
	check_exit(as_user(6000, ping_as, NULL));
	ck_assert_int_eq(shared->running, 4);
	shared->release = 1;
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		check_exit(pids[i]);
	ck_assert_int_le(shared->most, 5);
}
END_TEST

START_TEST(root_has_a_cap_too)
{
	pid_t pids[30];
	size_t i;

	config.max_children = 4;
	start();
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = sleeper("hold", 0);
	wait_for(shared->running == 4 + LISTENER_ROOT_SLOTS);
	check_exit(as_user(0, ping_as, NULL));
	ck_assert_int_eq(shared->running, 4 + LISTENER_ROOT_SLOTS);
	shared->release = 1;
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		check_exit(pids[i]);
	ck_assert_int_eq(shared->most, 4 + LISTENER_ROOT_SLOTS);
}
END_TEST

START_TEST(cap_per_uid)
{
	pid_t pids[6];
	size_t i;

	config.max_children = 8; /* a quarter: two */
	config.gid = GROUP;
	start();
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = sleeper("hold", 5000);
	wait_for(shared->running == 2);
	/* Others are not kept waiting. */
	check_exit(sleeper("1", 5001));
	check_exit(sleeper("1", 0));
	ck_assert_int_eq(shared->running, 2);
	shared->release = 1;
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		check_exit(pids[i]);
	ck_assert_int_le(shared->most, 3);
}
END_TEST

/* ---- those who say half of it, or nothing more ---- */

struct half {
	const char *text;
	size_t n; /* connections */
};

/* Many connections that say text and wait for their end. Exit 0 when one was answered. */
static int say_half(const void *arg)
{
	const struct half *half = arg;
	int fds[LISTENER_MAX_CONNECTIONS];
	char answer[256];
	size_t i;
	ssize_t n;

	for (i = 0; i < half->n; i++) {
		struct sockaddr_un addr = { .sun_family = AF_UNIX };

		memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fds[i], (struct sockaddr *) &addr, sizeof(addr)) < 0)
			return 1;
		(void) send(fds[i], half->text, strlen(half->text),
			    MSG_NOSIGNAL); /* or it is refused */
	}
	(void) __atomic_add_fetch(&shared->clients, 1, __ATOMIC_SEQ_CST);
	n = recv(fds[0], answer, sizeof(answer) - 1, 0);
	if (n <= 0)
		return 3;
	answer[n] = '\0';
	return strstr(answer, "request was not complete within") ? 0 : 4;
}

static void check_half(pid_t pid, int code)
{
	int status = -1;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), code);
}

/*
 * Users with many half frames, more than there are slots: root and a Ping of whoever are
 * served meanwhile, and stopping does not wait for any of them.
 */
START_TEST(half_frames_hold_up_nobody)
{
	/* A Ping that is not complete has no slot of a Ping's. */
	static const struct half half = { "{\"method\":\"KukeonV1.Ping\",\"x\":[", 40 };
	pid_t pids[6];
	size_t i;

	shared->frame_ms = 600000;
	config.grace_ms = 600000;
	config.gid = GROUP;
	start();
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = as_user((uid_t) (5000 + i), say_half, &half);
	wait_for(shared->clients == (int) ARRAY_SIZE(pids));
	wait_for(children() == LISTENER_MAX_CHILDREN);
	check_exit(as_user(0, ping_as, NULL));
	check_exit(sleeper("1", 0));
	check_exit(as_user(6000, ping_as, NULL));
	check_exit(as_user(5000, ping_as, NULL));
	wait_for(children() == LISTENER_MAX_CHILDREN); /* those served beside them have ended */
	ck_assert_int_eq(stop(SIGTERM), 0);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		check_half(pids[i], 3);
}
END_TEST

/* They end by themselves, and whoever waited for their slots comes to his turn. */
START_TEST(half_frames_end)
{
	static const struct half half = { "{", 3 };
	pid_t pid;

	shared->frame_ms = 500;
	config.max_children = 4; /* one for the user */
	config.gid = GROUP;
	start();
	pid = as_user(5000, say_half, &half);
	wait_for(shared->clients == 1);
	check_exit(sleeper("1", 5000));
	check_half(pid, 0);
	wait_for(children() == 0);
}
END_TEST

/* A connection between two requests has no child, and goes on where it was. */
START_TEST(idle_connections_have_no_child)
{
	struct rpc_client *c[5];
	size_t i;

	config.max_children = 1;
	start();
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = dial();
		ck_assert_int_eq(ping(c[i]), 0);
	}
	wait_for(children() == 0);
	for (i = 0; i < ARRAY_SIZE(c); i++)
		ck_assert_int_eq(sleep_there(c[i], "1"), 0);
	wait_for(children() == 0);
	for (i = 0; i < ARRAY_SIZE(c); i++)
		rpc_client_free(c[i]);
}
END_TEST

/* What comes after a Ping in a slot of a Ping's waits for another. */
static int ping_and_more(const void *arg)
{
	static const char text[] =
		"{\"method\":\"KukeonV1.Ping\",\"params\":[{}],\"id\":1}"
		"{\"method\":\"KukeonV1.GetImage\",\"params\":[{\"Ref\":\"1\"}],\"id\":2}\n";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char answer[4096];
	size_t n = 0;

	(void) arg;
	memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
	if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) < 0 ||
	    send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
		return 1;
	while (n < sizeof(answer) - 1 && recv(fd, answer + n, 1, 0) == 1) {
		n++;
		if (answer[n - 1] == '\n' &&
		    __atomic_add_fetch(&shared->clients, 1, __ATOMIC_SEQ_CST) == 2)
			break;
	}
	answer[n] = '\0';
	return !strstr(answer, "\"id\":2");
}

START_TEST(a_slot_of_a_ping_is_for_one)
{
	pid_t held, pid;

	config.max_children = 4;
	config.gid = GROUP;
	start();
	held = sleeper("hold", 5000);
	wait_for(shared->running == 1);
	pid = as_user(5000, ping_and_more, NULL);
	wait_for(shared->clients == 1);
	wait_for(children() == 1); /* the Ping's is gone, its connection waits */
	ck_assert_int_eq(shared->clients, 1);
	shared->release = 1;
	check_exit(held);
	check_exit(pid);
	ck_assert_int_eq(shared->clients, 2);
}
END_TEST

START_TEST(blanks_cost_no_child)
{
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	static char blanks[100000];
	char byte;

	start();
	wait_for(children() == 0); /* the first pass */
	memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *) &addr, sizeof(addr)), 0);
	memset(blanks, ' ', sizeof(blanks));
	ck_assert_int_eq(send(fd, blanks, sizeof(blanks), 0), (ssize_t) sizeof(blanks));
	/* They are taken; until then nothing more would fit in beside them. */
	wait_for(send(fd, "\n", 1, MSG_DONTWAIT) == 1);
	ck_assert_uint_eq(children(), 0);
	ck_assert_int_eq(send(fd, "{}", 2, 0), 2);
	ck_assert_int_eq(recv(fd, &byte, 1, 0), 1);
	ck_assert_int_eq(byte, '{');
}
END_TEST

/* Users with as many connections as they can have leave room for root and for others. */
START_TEST(connections_hold_up_nobody)
{
	static const struct half half = { "{", LISTENER_MAX_CONNECTIONS / 2 };
	pid_t pids[8];
	size_t i;

	shared->frame_ms = 600000;
	config.max_children = 4;
	config.gid = GROUP;
	start();
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = as_user((uid_t) (5000 + i), say_half, &half);
	wait_for(shared->clients == (int) ARRAY_SIZE(pids));
	check_exit(as_user(0, ping_as, NULL));
	check_exit(sleeper("1", 0));
	check_exit(as_user(6000, ping_as, NULL));
	ck_assert_int_eq(stop(SIGTERM), 0);
	/* Which of their connections they lost is not said. */
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
}
END_TEST

START_TEST(strangers_are_kept_out)
{
	pid_t pid;
	int status;

	config.gid = 4321;
	start();
	pid = fork();
	if (pid == 0) {
		cleanup_free char *host = xasprintf("unix://%s", socket_path);
		struct rpc_client *c = NULL;
		struct kerr err = { 0 };

		if (setgroups(0, NULL) < 0 || setgid(99) < 0 || setuid(99) < 0)
			_exit(2);
		if (rpc_dial(host, &c, &err) != -EACCES)
			_exit(3);
		_exit(!strstr(err.msg, "permission denied — add yourself to the 4321 group "
				       "(sudo usermod -aG 4321 $USER), then log out and back in: "
				       "dial unix "));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Silent connections beyond the table push out the oldest, not the daemon. */
START_TEST(silence_is_evicted)
{
	enum {
		MANY = LISTENER_MAX_CONNECTIONS + 20
	};
	struct rpc_client *c[MANY];
	size_t i;

	start();
	for (i = 0; i < MANY; i++)
		c[i] = dial();
	ck_assert_int_eq(ping(c[MANY - 1]), 0);
	ck_assert_int_lt(ping(c[0]), 0);
	for (i = 0; i < MANY; i++)
		rpc_client_free(c[i]);
}
END_TEST

START_TEST(a_crash_hurts_one)
{
	struct rpc_client *a, *b;
	struct rpc_image_args args = { 0 };
	struct rpc_delete_image_reply reply = { 0 };
	struct kerr err = { 0 };

	start();
	a = dial();
	b = dial();
	ck_assert_int_eq(ping(b), 0);
	ck_assert_int_lt(rpc_call(a, RPC_DELETE_IMAGE, &args, &reply, &err), 0);
	ck_assert_str_eq(err.msg, "unexpected EOF");
	ck_assert_int_eq(ping(b), 0);
	rpc_client_free(a);
	rpc_client_free(b);
	ck_assert_int_eq(stop(SIGINT), 0);
}
END_TEST

START_TEST(stop_lets_requests_finish)
{
	struct rpc_client *idle;
	int64_t begin;
	pid_t pid;

	config.grace_ms = 300000;
	start();
	idle = dial();
	ck_assert_int_eq(ping(idle), 0); /* its child waits for another request */
	pid = sleeper("400", 0);
	wait_for(shared->running == 1);
	begin = clock_ms();
	ck_assert_int_eq(stop(SIGTERM), 0);
	ck_assert_int_lt(clock_ms() - begin, config.grace_ms); /* not for the idle */
	check_exit(pid);
	ck_assert_int_eq(shared->running, 0);
	ck_assert_int_lt(ping(idle), 0);
	rpc_client_free(idle);
}
END_TEST

START_TEST(stop_does_not_wait_for_ever)
{
	int64_t begin;
	int status;
	pid_t pid;

	config.grace_ms = 200;
	start();
	pid = sleeper("60000", 0);
	wait_for(shared->running == 1);
	begin = clock_ms();
	ck_assert_int_eq(stop(SIGTERM), 0);
	ck_assert_int_lt(clock_ms() - begin, 50000);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid); /* its child was ended */
	ck_assert_int_ne(status, 0);
}
END_TEST

START_TEST(second_on_the_same_socket)
{
	struct kerr err = { 0 };
	cleanup_free char *want = NULL;

	start();
	want = xasprintf("another daemon listens on '%s'", socket_path);
	ck_assert_int_eq(socket_bind(socket_path, 0, &err), -EADDRINUSE);
	ck_assert_str_eq(err.msg, want);
	ck_assert(connectable());
}
END_TEST

START_TEST(stale_socket)
{
	start();
	(void) stop(SIGKILL);
	ck_assert_int_ne(mode_of(socket_path), 0);
	ck_assert(!connectable());
	shared->passes = 0;
	start();
	ck_assert_int_eq(stop(SIGTERM), 0);
}
END_TEST

START_TEST(something_else_in_the_place)
{
	struct kerr err = { 0 };
	cleanup_fd int fd = -EBADF;
	cleanup_free char *rt = path_join(dir.path, "rt", NULL);
	cleanup_free char *longer = xasprintf("%s/%0120d", dir.path, 1);

	ck_assert_int_eq(mkdir(rt, 0755), 0);
	fd = open(socket_path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(listener_run(&config, &ops, &err), -EEXIST);
	ck_assert_int_ne(mode_of(socket_path), 0);
	ck_assert_int_eq(mode_of(pid_file), 0);
	ck_assert_int_eq(socket_bind(longer, 0, &err), -ENAMETOOLONG);
}
END_TEST

/* The kernel sends SIGXFSZ in the middle of the write of the pid. */
static void in_the_write(int sig)
{
	(void) sig;
	shared->pid_writes++;
	if (connectable())
		shared->early_guests++;
}

START_TEST(nobody_is_let_in_before_the_pid_is_on_record)
{
	const struct rlimit nothing = { 0 };
	int status;

	daemon_pid = fork();
	if (daemon_pid == 0) {
		(void) signal(SIGXFSZ, in_the_write);
		if (setrlimit(RLIMIT_FSIZE, &nothing) < 0)
			_exit(2);
		_exit(listener_run(&config, &ops, NULL) != -EFBIG);
	}
	ck_assert_int_eq(waitpid(daemon_pid, &status, 0), daemon_pid);
	daemon_pid = 0;
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(shared->pid_writes, 1);
	ck_assert_int_eq(shared->early_guests, 0);
	ck_assert_int_eq(mode_of(socket_path), 0);
	ck_assert_int_eq(mode_of(pid_file), 0);
}
END_TEST

/* ---- passes ---- */

static void wake(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(addr.sun_path, wake_socket, strlen(wake_socket) + 1);
	(void) sendto(fd, "", 0, MSG_DONTWAIT, (struct sockaddr *) &addr, sizeof(addr));
}

START_TEST(one_pass_at_the_start_and_no_more)
{
	config.reconcile_ms = 0;
	start();
	(void) usleep(300000);
	ck_assert_int_eq(shared->passes, 1);
}
END_TEST

START_TEST(timer)
{
	config.reconcile_ms = 50;
	start();
	wait_for(shared->passes >= 5);
}
END_TEST

START_TEST(wake_ups_are_coalesced)
{
	int i;

	shared->pass_ms = 100;
	start();
	wake();
	wait_for(shared->passes_running == 1);
	for (i = 0; i < 50; i++)
		wake();
	/* One runs, one is pending: it begins after the last wake-up. */
	wait_for(shared->passes >= 3);
	(void) usleep(300000);
	ck_assert_int_le(shared->passes, 4);
	ck_assert_int_eq(shared->most_passes, 1);
}
END_TEST

/* Without anybody connecting, asking or a timer. */
START_TEST(the_first_pass_comes_by_itself)
{
	config.reconcile_ms = 0;
	daemon_pid = fork();
	if (daemon_pid == 0)
		_exit(listener_run(&config, &ops, NULL) < 0);
	wait_for(shared->passes > 0);
}
END_TEST

START_TEST(kinds_of_passes)
{
	config.reconcile_ms = 300;
	start();
	wait_for(shared->passes == 1);
	ck_assert_int_eq(shared->kinds[LISTENER_PASS_START], 1);
	wake();
	wait_for(shared->passes == 2);
	ck_assert_int_eq(shared->kinds[LISTENER_PASS_WAKES], 1);
	/* However often somebody asks, the timer has its turn. */
	while (shared->passes < 40 && shared->kinds[LISTENER_PASS_TIMER] == 0) {
		wake();
		(void) usleep(50000);
	}
	ck_assert_int_ge(shared->kinds[LISTENER_PASS_TIMER], 1);
	ck_assert_int_eq(shared->kinds[LISTENER_PASS_START], 1);
}
END_TEST

static int change_pipe[2];

static enum listener_pass change(void *ctx)
{
	char kind = 0;

	(void) ctx;
	return read(change_pipe[0], &kind, 1) == 1 ? (enum listener_pass) kind : 0;
}

static void tell(char kind)
{
	ck_assert_int_eq(write(change_pipe[1], &kind, 1), 1);
}

/* What others change is looked at soon, but not all the time. */
START_TEST(changes_call_for_passes)
{
	struct listener_ops with = ops;
	int fds[LISTENER_WATCH_FDS] = { -EBADF, -EBADF, -EBADF };
	int64_t begin;

	ck_assert_int_eq(pipe2(change_pipe, O_CLOEXEC | O_NONBLOCK), 0);
	fds[1] = change_pipe[0];
	with.changed = change;
	config.watch_fds = fds;
	config.reconcile_ms = 0;
	daemon_pid = fork();
	if (daemon_pid == 0)
		_exit(listener_run(&config, &with, NULL) < 0);
	wait_for(shared->passes == 1);
	tell(0);
	tell(LISTENER_PASS_RULES);
	wait_for(shared->kinds[LISTENER_PASS_RULES] == 1);
	/* The widest of several that come together. */
	tell(LISTENER_PASS_RULES);
	tell(LISTENER_PASS_TIMER);
	wait_for(shared->kinds[LISTENER_PASS_TIMER] == 1);
	ck_assert_int_eq(shared->passes, 3);
	begin = clock_ms();
	while (clock_ms() - begin < 2000) {
		tell(LISTENER_PASS_RULES);
		(void) usleep(10000);
	}
	ck_assert_int_ge(shared->kinds[LISTENER_PASS_RULES], 2);
	ck_assert_int_le(shared->kinds[LISTENER_PASS_RULES], 7);
	config.watch_fds = NULL;
}
END_TEST

START_TEST(a_pass_names_the_next)
{
	int64_t begin;
	int n;

	shared->next_in_ms = 150;
	start();
	wait_for(shared->passes >= 3);
	shared->next_in_ms = 0; /* at once, but never in a tight loop */
	shared->passes = 0;
	begin = clock_ms();
	(void) usleep(500000);
	wait_for(shared->passes >= 3);
	n = shared->passes;
	ck_assert_int_le(n, (clock_ms() - begin) / 100 + 2);
}
END_TEST

START_TEST(a_pass_that_fails)
{
	shared->pass_fails = 1;
	config.reconcile_ms = 100;
	start();
	wait_for(shared->passes >= 3);
	ck_assert_int_eq(stop(SIGTERM), 0);
}
END_TEST

START_TEST(notify)
{
	cleanup_free char *path = path_join(dir.path, "notify", NULL);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	cleanup_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[64];
	ssize_t n;

	memcpy(addr.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *) &addr, sizeof(addr)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
	start();
	n = recv(fd, text, sizeof(text) - 1, 0);
	ck_assert_int_eq(n, 7);
	ck_assert_int_eq(memcmp(text, "READY=1", 7), 0);
	ck_assert_int_eq(stop(SIGTERM), 0);
	n = recv(fd, text, sizeof(text) - 1, 0);
	ck_assert_int_eq(n, 10);
	(void) unsetenv("NOTIFY_SOCKET");
}
END_TEST

Suite *test_listener(void);
Suite *test_listener(void)
{
	Suite *s = suite_create("listener");
	TCase *t = tcase_create("listener");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	if (getuid() == 0) {
		tcase_add_loop_test(t, files_and_modes, 0, 2);
		tcase_add_test(t, cap_in_all);
		tcase_add_test(t, cap_per_uid);
		tcase_add_test(t, half_frames_hold_up_nobody);
		tcase_add_test(t, half_frames_end);
		tcase_add_test(t, a_slot_of_a_ping_is_for_one);
		tcase_add_test(t, connections_hold_up_nobody);
		tcase_add_test(t, strangers_are_kept_out);
	}
	tcase_add_test(t, hundred_at_once);
	tcase_add_test(t, root_has_a_cap_too);
	tcase_add_test(t, idle_connections_have_no_child);
	tcase_add_test(t, blanks_cost_no_child);
	tcase_add_test(t, silence_is_evicted);
	tcase_add_test(t, a_crash_hurts_one);
	tcase_add_test(t, stop_lets_requests_finish);
	tcase_add_test(t, stop_does_not_wait_for_ever);
	tcase_add_test(t, second_on_the_same_socket);
	tcase_add_test(t, stale_socket);
	tcase_add_test(t, something_else_in_the_place);
	tcase_add_test(t, nobody_is_let_in_before_the_pid_is_on_record);
	tcase_add_test(t, one_pass_at_the_start_and_no_more);
	tcase_add_test(t, timer);
	tcase_add_test(t, wake_ups_are_coalesced);
	tcase_add_test(t, the_first_pass_comes_by_itself);
	tcase_add_test(t, kinds_of_passes);
	tcase_add_test(t, changes_call_for_passes);
	tcase_add_test(t, a_pass_names_the_next);
	tcase_add_test(t, a_pass_that_fails);
	tcase_add_test(t, notify);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_listener);
