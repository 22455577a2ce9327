# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libkuke_cmd.a
libkuke_cmd_a_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKE_CMD) $(DIRS_CPPFLAGS)
libkuke_cmd_a_SOURCES = \
	src/kuke/cmd/cmd_allow.c \
	src/kuke/cmd/attach_to.c src/kuke/cmd/attach_to.h \
	src/kuke/cmd/cmd_apply.c \
	src/kuke/cmd/cmd_attach.c \
	src/kuke/cmd/cmd_completion.c \
	src/kuke/cmd/cmd_cp.c \
	src/kuke/cmd/cmd_create.c \
	src/kuke/cmd/cmd_daemon.c \
	src/kuke/cmd/cmd_doctor.c \
	src/kuke/cmd/cmd_delete.c \
	src/kuke/cmd/cmd_exec.c \
	src/kuke/cmd/cmd_explain.c \
	src/kuke/cmd/cmd_get.c \
	src/kuke/cmd/cmd_help.c \
	src/kuke/cmd/cmd_image.c \
	src/kuke/cmd/cmd_init.c \
	src/kuke/cmd/cmd_kill.c \
	src/kuke/cmd/cmd_log.c \
	src/kuke/cmd/cmd_man.c \
	src/kuke/cmd/cmd_run.c \
	src/kuke/cmd/cmd_schema.c \
	src/kuke/cmd/cmd_screenshot.c \
	src/kuke/cmd/cmd_start.c \
	src/kuke/cmd/cmd_status.c \
	src/kuke/cmd/cmd_stop.c \
	src/kuke/cmd/cmd_version.c \
	src/kuke/cmd/complete.c src/kuke/cmd/complete.h \
	src/kuke/cmd/container_flags.c src/kuke/cmd/container_flags.h \
	src/kuke/cmd/delete.c src/kuke/cmd/delete.h \
	src/kuke/cmd/delete_file.c \
	src/kuke/cmd/profiles.c src/kuke/cmd/profiles.h \
	src/kuke/cmd/root.c \
	src/kuke/cmd/run.h \
	src/kuke/cmd/run_target.c \
	src/kuke/cmd/verbs.h
