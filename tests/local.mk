# SPDX-License-Identifier: GPL-2.0-or-later
#
# How to add a test: one line each.
#
#   unit test     tests/unit/test_<module>.c with `Suite *test_<module>(void)`
#                 and, as its last line, `UNIT_MAIN(test_<module>);` (unit.h).
#                 Add the file to unit_<layer>_SOURCES below. One program per
#                 layer, it has the include path and the libraries of its layer.
#   system test   tests/integration/<what>.bats, whose first line is
#                 `load ../helpers/suite`: add it to SYSTEM_TESTS.
#   fuzz target   tests/fuzz/fuzz_<x>.c and tests/fuzz/corpus/<x>/: see "Fuzz".
#   lint          tests/lint/<what>.sh, prints TAP: add it to LINTS.
#
# Everything in TESTS prints TAP. `make check TESTS=tests/unit/unit_base` runs
# one program, `make check-unit`, `check-system`, `check-lint` one kind. The system
# tests run in an order of chance, as many at a time as make has jobs.

UNIT_LDADD = $(CHECK_LIBS)
UNIT_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit $(CHECK_CFLAGS) \
	$(DIRS_CPPFLAGS) -DTEST_SRCDIR='"$(abs_top_srcdir)/tests"' \
	-DTEST_BUILDDIR='"$(abs_top_builddir)"'
UNIT_FRAME = tests/unit/unit.c tests/unit/unit.h
UNIT_TESTS = tests/unit/unit_base tests/unit/unit_model tests/unit/unit_host \
	tests/unit/unit_store tests/unit/unit_logs tests/unit/unit_rpc tests/unit/unit_oci \
	tests/unit/unit_engine tests/unit/unit_kukeond tests/unit/unit_kuke \
	tests/unit/unit_kukedns tests/unit/unit_kukefetch tests/unit/unit_kuketty

tests_unit_unit_base_SOURCES = $(UNIT_FRAME) tests/unit/tempdir.h \
	tests/unit/test_atomic.c tests/unit/test_buf.c tests/unit/test_caps.c \
	tests/unit/test_clock.c tests/unit/test_crc32c.c tests/unit/test_encode.c tests/unit/test_err.c \
	tests/unit/test_fd.c tests/unit/test_jscan.c tests/unit/test_jval.c \
	tests/unit/test_jwalk.c \
	tests/unit/test_lock.c tests/unit/test_log.c \
	tests/unit/test_mem.c tests/unit/test_path.c \
	tests/unit/test_proc.c tests/unit/test_sha256.c \
	tests/unit/test_str.c tests/unit/test_trim.c tests/unit/test_vec.c tests/unit/test_way.c
tests_unit_unit_base_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_BASE)
tests_unit_unit_base_LDADD = $(LIBBASE) $(UNIT_LDADD)

tests_unit_unit_model_SOURCES = $(UNIT_FRAME) \
	tests/unit/model_random.c tests/unit/model_random.h \
	tests/unit/tempdir.h tests/unit/test_cellnet.c tests/unit/test_cellprofile.c \
	tests/unit/test_codec.c tests/unit/test_decode.c \
	tests/unit/test_emit.c tests/unit/test_rows.c tests/unit/docs.h \
	tests/unit/test_configuration.c tests/unit/test_convert.c \
	tests/unit/test_diff.c tests/unit/test_docstream.c \
	tests/unit/test_explain.c tests/unit/test_row_limits.c tests/unit/test_ports.c tests/unit/test_validate.c
tests_unit_unit_model_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_MODEL)
tests_unit_unit_model_LDADD = $(LIBMODEL) $(LIBBASE) $(UNIT_LDADD)

tests_unit_unit_host_SOURCES = $(UNIT_FRAME) tests/unit/host_lo.h tests/unit/host_pins.h \
	tests/unit/host_sandbox.h tests/unit/test_bpf.c tests/unit/test_cgroup.c tests/unit/test_conntrack.c \
	tests/unit/host_run.h tests/unit/test_fence.c tests/unit/test_firewall.c tests/unit/test_firewall_model.c tests/unit/test_firewall_nft.c tests/unit/test_firewall_ports.c tests/unit/test_ipnet.c tests/unit/test_ipv4.c \
	tests/unit/test_link.c tests/unit/test_link_filter.c tests/unit/test_mntns.c tests/unit/test_mount.c \
	tests/unit/test_netwatch.c tests/unit/test_ns.c tests/unit/test_portuse.c tests/unit/test_rt.c tests/unit/test_sysctl.c
tests_unit_unit_host_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_HOST_NET) -I$(top_srcdir)/lib/host/cgroup
tests_unit_unit_host_LDADD = $(LIBHOST) $(LIBBASE) $(UNIT_LDADD)

tests_unit_unit_store_SOURCES = $(UNIT_FRAME) tests/unit/tempdir.h \
	tests/unit/test_layout.c tests/unit/test_locks.c tests/unit/test_overlay.c \
	tests/unit/test_store.c
tests_unit_unit_store_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_STORE)
tests_unit_unit_store_LDADD = $(LIBSTORE) $(LIBMODEL) $(LIBBASE) $(UNIT_LDADD)

# kukeshim's side too: what it writes is what the others read.
tests_unit_unit_logs_SOURCES = $(UNIT_FRAME) tests/unit/log_make.h tests/unit/tempdir.h \
	src/kukeshim/logfile.c src/kukeshim/kukeshim.h \
	tests/unit/test_ecma48.c tests/unit/test_log_index.c tests/unit/test_log_merge.c \
	tests/unit/test_log_reader.c tests/unit/test_logfile.c
tests_unit_unit_logs_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_LOGS) -I$(top_srcdir)/src/kukeshim
tests_unit_unit_logs_LDADD = $(LIBLOGS) $(LIBBASE) $(UNIT_LDADD)

tests_unit_unit_rpc_SOURCES = $(UNIT_FRAME) tests/unit/test_rpc.c \
	tests/unit/test_wire.c
tests_unit_unit_rpc_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_RPC)
tests_unit_unit_rpc_LDADD = $(LIBRPC) $(LIBMODEL) $(LIBBASE) $(UNIT_LDADD)

tests_unit_unit_oci_SOURCES = $(UNIT_FRAME) tests/unit/test_copy_proto.c tests/unit/test_exec.c tests/unit/test_seccomp.c tests/unit/test_shim.c \
	tests/unit/test_spec.c tests/unit/test_user.c \
	tests/unit/test_filelist.c tests/unit/test_oci_manifest.c tests/unit/test_ref.c \
	tests/unit/test_rootfs_guard.c \
	tests/unit/test_fetch.c tests/unit/test_registry.c
tests_unit_unit_oci_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_OCI)
tests_unit_unit_oci_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) \
	$(LIBBASE) $(UNIT_LDADD)

tests_unit_unit_engine_SOURCES = $(UNIT_FRAME) tests/unit/engine_dir.h tests/unit/tempdir.h \
	tests/unit/test_cell_status.c tests/unit/test_cni.c tests/unit/test_denied_log.c \
	tests/unit/test_dry_run.c tests/unit/test_engine.c \
	tests/unit/test_hosts_text.c tests/unit/test_images.c tests/unit/test_lease.c \
	tests/unit/test_names.c tests/unit/test_names_health.c \
	tests/unit/test_net_egress.c tests/unit/test_network.c \
	tests/unit/test_page.c tests/unit/test_plan.c tests/unit/test_published.c tests/unit/test_restart.c \
	tests/unit/test_scope.c tests/unit/test_temporary.c tests/unit/test_workers.c
tests_unit_unit_engine_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_ENGINE)
tests_unit_unit_engine_LDADD = $(LIBENGINE) $(LIBOCI) $(LIBRPC) $(LIBSTORE) \
	$(LIBHOST) $(LIBMODEL) $(LIBBASE) $(UNIT_LDADD)

tests_unit_unit_kukeond_SOURCES = $(UNIT_FRAME) tests/unit/tempdir.h \
	tests/unit/test_listener.c tests/unit/test_settings.c
tests_unit_unit_kukeond_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_KUKEOND)
tests_unit_unit_kukeond_LDADD = $(LIBKUKEOND) $(LIBCOMMON) $(LIBRPC) $(LIBMODEL) $(LIBBASE) $(UNIT_LDADD)

tests_unit_unit_kuke_SOURCES = $(UNIT_FRAME) tests/unit/capture.h tests/unit/tempdir.h \
	tests/unit/model_random.c tests/unit/model_random.h \
	tests/unit/test_client_settings.c \
	tests/unit/test_cmd.c tests/unit/test_container_flags.c tests/unit/test_detach_keys.c \
	tests/unit/test_hostarg.c tests/unit/test_screen_modes.c \
	tests/unit/test_logview.c tests/unit/test_report.c tests/unit/test_selector.c \
	tests/unit/test_pullview.c tests/unit/test_status_view.c tests/unit/test_term.c
tests_unit_unit_kuke_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_KUKE_CMD)
tests_unit_unit_kuke_LDADD = $(LIBKUKE) $(LIBCOMMON) $(LIBRPC) $(LIBPROTO) $(LIBMODEL) $(LIBBASE) $(UNIT_LDADD)

tests_unit_unit_kukedns_SOURCES = $(UNIT_FRAME) tests/unit/dns_build.h tests/unit/host_lo.h \
	tests/unit/test_dns_frame.c tests/unit/test_dns_chain.c tests/unit/test_dns_denied.c \
	tests/unit/test_dns_loop.c tests/unit/test_dns_memory.c tests/unit/test_dns_msg.c \
	tests/unit/test_dns_policy.c tests/unit/test_dns_program.c
tests_unit_unit_kukedns_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_KUKEDNS)
tests_unit_unit_kukedns_LDADD = $(LIBKUKEDNS) $(UNIT_LDADD)

tests_unit_unit_kukefetch_SOURCES = $(UNIT_FRAME) \
	tests/unit/test_challenge.c tests/unit/test_endpoint.c tests/unit/test_proxy.c \
	tests/unit/test_http.c tests/unit/test_words.c
tests_unit_unit_kukefetch_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_KUKEFETCH)
tests_unit_unit_kukefetch_LDADD = $(LIBKUKEFETCH) $(UNIT_LDADD)

tests_unit_unit_kuketty_SOURCES = $(UNIT_FRAME) tests/unit/tempdir.h \
	$(KUKETTY_SCREEN) src/kuketty/history.c src/kuketty/ttyconfig.c \
	tests/fuzz/screen_check.c tests/fuzz/screen_check.h tests/unit/test_history.c \
	tests/unit/test_screen.c tests/unit/test_tty_proto.c tests/unit/test_ttyconfig.c
tests_unit_unit_kuketty_CPPFLAGS = $(UNIT_CPPFLAGS) $(INC_PROTO) -I$(top_srcdir)/src/kuketty \
	-I$(top_srcdir)/tests/fuzz
tests_unit_unit_kuketty_LDADD = $(LIBPROTO) $(LIBBASE) $(UNIT_LDADD)

SYSTEM_TESTS = \
	tests/integration/allow.bats \
	tests/integration/apply.bats \
	tests/integration/apply_fields.bats \
	tests/integration/attach.bats \
	tests/integration/autodelete.bats \
	tests/integration/bench.bats \
	tests/integration/cli.bats \
	tests/integration/clients.bats \
	tests/integration/cni.bats \
	tests/integration/cni_ports.bats \
	tests/integration/concurrency.bats \
	tests/integration/config.bats \
	tests/integration/cp.bats \
	tests/integration/crash.bats \
	tests/integration/daemon.bats \
	tests/integration/damage.bats \
	tests/integration/damage_runs.bats \
	tests/integration/denied.bats \
	tests/integration/doctor.bats \
	tests/integration/documents.bats \
	tests/integration/egress.bats \
	tests/integration/egress_nft.bats \
	tests/integration/fence.bats tests/integration/fence_nft.bats \
	tests/integration/egress_life.bats \
	tests/integration/ending.bats \
	tests/integration/exec.bats \
	tests/integration/failures.bats \
	tests/integration/fields/table.sh \
	tests/integration/fresh.bats \
	tests/integration/full_cells.bats \
	tests/integration/full_disk.bats \
	tests/integration/healing.bats \
	tests/integration/host_status.bats \
	tests/integration/hostile.bats \
	tests/integration/image_archives.bats \
	tests/integration/image_config.bats \
	tests/integration/image_confine.bats \
	tests/integration/image_equality.bats \
	tests/integration/image_formats.bats \
	tests/integration/image_layers.bats \
	tests/integration/image_tools.bats \
	tests/integration/image_verbs.bats \
	tests/integration/joined.bats \
	tests/integration/leakcheck.bats \
	tests/integration/kuketty.bats \
	tests/integration/lifecycle.bats \
	tests/integration/lists.bats \
	tests/integration/ipv6.bats tests/integration/ipv6_nft.bats \
	tests/integration/links.bats \
	tests/integration/log_follow.bats \
	tests/integration/log_shown.bats \
	tests/integration/logs.bats \
	tests/integration/monitor.bats tests/integration/mounts.bats \
	tests/integration/mount_tables.bats \
	tests/integration/names.bats \
	tests/integration/network.bats tests/integration/network_nft.bats \
	tests/integration/network_chaos.bats tests/integration/network_chaos_nft.bats \
	tests/integration/ports.bats tests/integration/ports_nft.bats \
	tests/integration/passes.bats \
	tests/integration/people.bats \
	tests/integration/odd_names.bats \
	tests/integration/plan.bats \
	tests/integration/power_cut.bats \
	tests/integration/private.bats \
	tests/integration/profile.bats \
	tests/integration/pull.bats \
	tests/integration/pull_faults.bats \
	tests/integration/pull_kinds.bats \
	tests/integration/pull_odd.bats \
	tests/integration/refusals.bats \
	tests/integration/resolver.bats \
	tests/integration/resolver_nft.bats \
	tests/integration/restart.bats \
	tests/integration/same_engine.bats \
	tests/integration/screenshot.bats \
	tests/integration/security.bats \
	tests/integration/sequence.bats tests/integration/servers.bats \
	tests/integration/side_by_side.bats \
	tests/integration/spec.bats \
	tests/integration/status.bats \
	tests/integration/storm.bats \
	tests/integration/terminals.bats \
	tests/integration/tty_odd.bats \
	tests/integration/unfiltered.bats \
	tests/integration/unfiltered_nft.bats \
	tests/integration/vm.bats \
	tests/integration/wire.bats
LINTS = \
	tests/lint/architecture.sh \
	tests/lint/banned.sh tests/lint/circles.sh \
	tests/lint/format.sh \
	tests/lint/includes.sh \
	tests/lint/machine.sh tests/lint/man.sh \
	tests/lint/paths.sh \
	tests/lint/selftest.sh \
	tests/lint/shell.sh \
	tests/lint/size.sh \
	tests/lint/spdx.sh \
	tests/lint/tests.sh \
	tests/lint/words.sh

# Fuzz targets. Four lines each:
#   FUZZ += tests/fuzz/fuzz_x
#   tests_fuzz_fuzz_x_SOURCES = tests/fuzz/fuzz_x.c $(FUZZ_FRAME)
#   tests_fuzz_fuzz_x_CPPFLAGS = $(AM_CPPFLAGS) $(INC_<LAYER>)
#   tests_fuzz_fuzz_x_LDADD = $(LIB<LAYER>) … $(LIBBASE) $(FUZZ_LIBS)
# and the corpus, at least one file, in tests/fuzz/corpus/x/. Without
# --enable-fuzzing the frame's main() runs every file of the corpus (the name
# comes from argv[0]) and prints TAP; with it the program is libFuzzer's: `tests/fuzz/fuzz_x -max_total_time=60 corpus/x`.
FUZZ =
if ENABLE_FUZZING
FUZZ_FRAME =
noinst_PROGRAMS += $(FUZZ)
else
FUZZ_FRAME = tests/fuzz/replay.c
check_PROGRAMS += $(FUZZ)
TESTS += $(FUZZ)
endif

FUZZ += tests/fuzz/fuzz_json_doc tests/fuzz/fuzz_yaml_doc
tests_fuzz_fuzz_json_doc_SOURCES = tests/fuzz/fuzz_json_doc.c tests/fuzz/doc_check.c \
	tests/fuzz/doc_check.h $(FUZZ_FRAME)
tests_fuzz_fuzz_json_doc_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL)
tests_fuzz_fuzz_json_doc_LDADD = $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)
tests_fuzz_fuzz_yaml_doc_SOURCES = tests/fuzz/fuzz_yaml_doc.c tests/fuzz/doc_check.c \
	tests/fuzz/doc_check.h $(FUZZ_FRAME)
tests_fuzz_fuzz_yaml_doc_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL)
tests_fuzz_fuzz_yaml_doc_LDADD = $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_ecma48 tests/fuzz/fuzz_log_index
tests_fuzz_fuzz_ecma48_SOURCES = tests/fuzz/fuzz_ecma48.c $(FUZZ_FRAME)
tests_fuzz_fuzz_ecma48_CPPFLAGS = $(AM_CPPFLAGS) $(INC_LOGS)
tests_fuzz_fuzz_ecma48_LDADD = $(LIBLOGS) $(LIBBASE) $(FUZZ_LIBS)
tests_fuzz_fuzz_log_index_SOURCES = tests/fuzz/fuzz_log_index.c $(FUZZ_FRAME)
tests_fuzz_fuzz_log_index_CPPFLAGS = $(AM_CPPFLAGS) $(INC_LOGS)
tests_fuzz_fuzz_log_index_LDADD = $(LIBLOGS) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_rpc
tests_fuzz_fuzz_rpc_SOURCES = tests/fuzz/fuzz_rpc.c $(FUZZ_FRAME)
tests_fuzz_fuzz_rpc_CPPFLAGS = $(AM_CPPFLAGS) $(INC_RPC)
tests_fuzz_fuzz_rpc_LDADD = $(LIBRPC) $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_user
tests_fuzz_fuzz_user_SOURCES = tests/fuzz/fuzz_user.c $(FUZZ_FRAME)
tests_fuzz_fuzz_user_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI)
tests_fuzz_fuzz_user_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_seccomp
tests_fuzz_fuzz_seccomp_SOURCES = tests/fuzz/fuzz_seccomp.c $(FUZZ_FRAME)
tests_fuzz_fuzz_seccomp_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI)
tests_fuzz_fuzz_seccomp_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_cni
tests_fuzz_fuzz_cni_SOURCES = tests/fuzz/fuzz_cni.c $(FUZZ_FRAME)
tests_fuzz_fuzz_cni_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_NET)
tests_fuzz_fuzz_cni_LDADD = $(LIBENGINE) $(LIBOCI) $(LIBRPC) $(LIBSTORE) $(LIBHOST) \
	$(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_denied
tests_fuzz_fuzz_denied_SOURCES = tests/fuzz/fuzz_denied.c $(FUZZ_FRAME)
tests_fuzz_fuzz_denied_CPPFLAGS = $(AM_CPPFLAGS) $(INC_ENGINE_NET)
tests_fuzz_fuzz_denied_LDADD = $(LIBENGINE) $(LIBOCI) $(LIBRPC) $(LIBSTORE) $(LIBHOST) \
	$(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_tty
tests_fuzz_fuzz_tty_SOURCES = tests/fuzz/fuzz_tty.c src/kuketty/ttyconfig.c $(FUZZ_FRAME)
tests_fuzz_fuzz_tty_CPPFLAGS = $(AM_CPPFLAGS) $(INC_PROTO) -I$(top_srcdir)/src/kuketty
tests_fuzz_fuzz_tty_LDADD = $(LIBPROTO) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_screen
tests_fuzz_fuzz_screen_SOURCES = tests/fuzz/fuzz_screen.c tests/fuzz/screen_check.c \
	tests/fuzz/screen_check.h $(KUKETTY_SCREEN) $(FUZZ_FRAME)
tests_fuzz_fuzz_screen_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE) -I$(top_srcdir)/src/kuketty \
	-I$(top_srcdir)/tests/fuzz
tests_fuzz_fuzz_screen_LDADD = $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_keys
tests_fuzz_fuzz_keys_SOURCES = tests/fuzz/fuzz_keys.c src/kuke/attach/detach_keys.c \
	src/kuke/attach/screen_modes.c $(FUZZ_FRAME)
tests_fuzz_fuzz_keys_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE) -I$(top_srcdir)/src/kuke/attach
tests_fuzz_fuzz_keys_LDADD = $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_jscan
tests_fuzz_fuzz_jscan_SOURCES = tests/fuzz/fuzz_jscan.c $(FUZZ_FRAME)
tests_fuzz_fuzz_jscan_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE)
tests_fuzz_fuzz_jscan_LDADD = $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_jval
tests_fuzz_fuzz_jval_SOURCES = tests/fuzz/fuzz_jval.c $(FUZZ_FRAME)
tests_fuzz_fuzz_jval_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL)
tests_fuzz_fuzz_jval_LDADD = $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_manifest
tests_fuzz_fuzz_manifest_SOURCES = tests/fuzz/fuzz_manifest.c $(FUZZ_FRAME)
tests_fuzz_fuzz_manifest_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL)
tests_fuzz_fuzz_manifest_LDADD = $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_profile
tests_fuzz_fuzz_profile_SOURCES = tests/fuzz/fuzz_profile.c $(FUZZ_FRAME)
tests_fuzz_fuzz_profile_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL)
tests_fuzz_fuzz_profile_LDADD = $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_ref
tests_fuzz_fuzz_ref_SOURCES = tests/fuzz/fuzz_ref.c $(FUZZ_FRAME)
tests_fuzz_fuzz_ref_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI)
tests_fuzz_fuzz_ref_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_spec
tests_fuzz_fuzz_spec_SOURCES = tests/fuzz/fuzz_spec.c $(FUZZ_FRAME)
tests_fuzz_fuzz_spec_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI)
tests_fuzz_fuzz_spec_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_dns_query
tests_fuzz_fuzz_dns_query_SOURCES = tests/fuzz/fuzz_dns_query.c $(FUZZ_FRAME)
tests_fuzz_fuzz_dns_query_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEDNS)
tests_fuzz_fuzz_dns_query_LDADD = $(LIBKUKEDNS) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_dns_answer
tests_fuzz_fuzz_dns_answer_SOURCES = tests/fuzz/fuzz_dns_answer.c $(FUZZ_FRAME)
tests_fuzz_fuzz_dns_answer_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEDNS)
tests_fuzz_fuzz_dns_answer_LDADD = $(LIBKUKEDNS) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_dns_frame
tests_fuzz_fuzz_dns_frame_SOURCES = tests/fuzz/fuzz_dns_frame.c $(FUZZ_FRAME)
tests_fuzz_fuzz_dns_frame_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEDNS)
tests_fuzz_fuzz_dns_frame_LDADD = $(LIBKUKEDNS) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_dns_control
tests_fuzz_fuzz_dns_control_SOURCES = tests/fuzz/fuzz_dns_control.c $(FUZZ_FRAME)
tests_fuzz_fuzz_dns_control_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEDNS)
tests_fuzz_fuzz_dns_control_LDADD = $(LIBKUKEDNS) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_challenge
tests_fuzz_fuzz_challenge_SOURCES = tests/fuzz/fuzz_challenge.c $(FUZZ_FRAME)
tests_fuzz_fuzz_challenge_CPPFLAGS = $(AM_CPPFLAGS) $(INC_KUKEFETCH)
tests_fuzz_fuzz_challenge_LDADD = $(LIBKUKEFETCH) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_fetch
tests_fuzz_fuzz_fetch_SOURCES = tests/fuzz/fuzz_fetch.c $(FUZZ_FRAME)
tests_fuzz_fuzz_fetch_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI)
tests_fuzz_fuzz_fetch_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_image_manifest
tests_fuzz_fuzz_image_manifest_SOURCES = tests/fuzz/fuzz_image_manifest.c $(FUZZ_FRAME)
tests_fuzz_fuzz_image_manifest_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI)
tests_fuzz_fuzz_image_manifest_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_archive
tests_fuzz_fuzz_archive_SOURCES = tests/fuzz/fuzz_archive.c $(FUZZ_FRAME)
tests_fuzz_fuzz_archive_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI)
tests_fuzz_fuzz_archive_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_firewall_plan
tests_fuzz_fuzz_firewall_plan_SOURCES = tests/fuzz/fuzz_firewall_plan.c $(FUZZ_FRAME)
tests_fuzz_fuzz_firewall_plan_CPPFLAGS = $(AM_CPPFLAGS) $(INC_HOST_NET)
tests_fuzz_fuzz_firewall_plan_LDADD = $(LIBHOST) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_tar
tests_fuzz_fuzz_tar_SOURCES = tests/fuzz/fuzz_tar.c src/kukecp/files.c src/kukecp/place.c \
	src/kukecp/tarin.c src/kukecp/tarout.c $(FUZZ_FRAME)
tests_fuzz_fuzz_tar_CPPFLAGS = $(AM_CPPFLAGS) $(INC_PROTO) -I$(top_srcdir)/src/kukecp
tests_fuzz_fuzz_tar_LDADD = $(LIBPROTO) $(LIBBASE) $(FUZZ_LIBS)

FUZZ += tests/fuzz/fuzz_filelist
tests_fuzz_fuzz_filelist_SOURCES = tests/fuzz/fuzz_filelist.c $(FUZZ_FRAME)
tests_fuzz_fuzz_filelist_CPPFLAGS = $(AM_CPPFLAGS) $(INC_PROTO)
tests_fuzz_fuzz_filelist_LDADD = $(LIBPROTO) $(LIBBASE) $(FUZZ_LIBS)

# Static, as it runs in containers.
check_SCRIPTS = secprobe execprobe standin lacks.so
CLEANFILES += secprobe execprobe standin lacks.so
EXTRA_DIST += tests/helpers/secprobe.c tests/helpers/execprobe.c tests/helpers/standin.c tests/helpers/lacks.c
STATIC_HELPER = $(AM_V_GEN)$(STATIC_CC) $(STATIC_CFLAGS) $(STATIC_FLAGS) $(WARN_CFLAGS) \
	-I$(top_srcdir)/src/static -o $@
secprobe: tests/helpers/secprobe.c kernel-headers.stamp
	$(STATIC_HELPER) $(top_srcdir)/tests/helpers/secprobe.c
execprobe: tests/helpers/execprobe.c kernel-headers.stamp
	$(STATIC_HELPER) $(top_srcdir)/tests/helpers/execprobe.c
standin: tests/helpers/standin.c kernel-headers.stamp
	$(STATIC_HELPER) $(top_srcdir)/tests/helpers/standin.c
lacks.so: tests/helpers/lacks.c
	$(AM_V_GEN)$(CC) $(WARN_CFLAGS) -I. -O1 -shared -fPIC -o $@ $(top_srcdir)/tests/helpers/lacks.c

# kukeunpack without its main() and its confinement.
FUZZ += tests/fuzz/fuzz_layer
tests_fuzz_fuzz_layer_SOURCES = tests/fuzz/fuzz_layer.c \
	src/kukeunpack/codec_gzip.c src/kukeunpack/codec_zstd.c src/kukeunpack/extract.c \
	src/kukeunpack/inflow.c src/kukeunpack/paxcheck.c src/kukeunpack/tarread.c \
	src/kukeunpack/tree.c $(FUZZ_FRAME)
tests_fuzz_fuzz_layer_CPPFLAGS = $(AM_CPPFLAGS) $(INC_PROTO) -I$(top_srcdir)/lib/host \
	-I$(top_srcdir)/src/kukeunpack $(ARCHIVE_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS) $(ISAL_CFLAGS)
tests_fuzz_fuzz_layer_LDADD = $(LIBPROTO) libhost.a $(LIBBASE) $(ARCHIVE_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS) \
	$(ISAL_LIBS) $(FUZZ_LIBS)

# In the top of the build tree, where it finds src/kukeshim/kukeshim as kuke does.
check_PROGRAMS += shimdrive pinned netprobe dnsprobe
dnsprobe_SOURCES = tests/helpers/dnsprobe.c
dnsprobe_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE)
dnsprobe_LDADD = $(LIBBASE) -lresolv
pinned_SOURCES = tests/helpers/pinned.c
pinned_CPPFLAGS = $(AM_CPPFLAGS) $(INC_HOST)
pinned_LDADD = $(LIBHOST) $(LIBBASE)
netprobe_SOURCES = tests/helpers/netprobe.c
netprobe_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE)
netprobe_LDADD = $(LIBBASE)
shimdrive_SOURCES = tests/helpers/shimdrive.c
shimdrive_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI)
shimdrive_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) $(LIBBASE)

# What the model says of fields, for system tests that walk them.
check_PROGRAMS += termtext
termtext_SOURCES = tests/helpers/termtext.c $(KUKETTY_SCREEN)
termtext_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE) -I$(top_srcdir)/src/kuketty
termtext_LDADD = $(LIBBASE)

check_PROGRAMS += fieldrows
fieldrows_SOURCES = tests/helpers/fieldrows.c
fieldrows_CPPFLAGS = $(AM_CPPFLAGS) $(INC_MODEL)
fieldrows_LDADD = $(LIBMODEL) $(LIBBASE)

check_PROGRAMS += faultproxy
faultproxy_SOURCES = tests/helpers/faultproxy.c
faultproxy_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE)
faultproxy_LDADD = $(LIBBASE)

check_PROGRAMS += imgdrive
imgdrive_SOURCES = tests/helpers/imgdrive.c
imgdrive_CPPFLAGS = $(AM_CPPFLAGS) $(INC_OCI)
imgdrive_LDADD = $(LIBOCI) $(LIBSTORE) $(LIBHOST) $(LIBMODEL) $(LIBBASE)

check_PROGRAMS += blkrec
blkrec_SOURCES = tests/helpers/blkrec.c
blkrec_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE)
blkrec_LDADD = $(LIBBASE)

if HAVE_CHECK
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
TESTS += @SYSTEM_TESTS_SHUFFLED@ $(LINTS)
# By itself (check-tidy), as it takes minutes.
EXTRA_DIST += tests/lint/tidy.sh .clang-tidy
@TESTS_ORDER@
CONFIG_STATUS_DEPENDENCIES = $(top_srcdir)/tests/order.mk

# Every test speaks TAP; automake's driver counts. A skip is no success in CI
# (./bootstrap check).
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
TEST_EXTENSIONS = .bats .sh
BATS_LOG_DRIVER = $(TAP_DRIVER)
BATS_LOG_COMPILER = $(BATS) --tap
SH_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	LC_ALL=C.UTF-8; export LC_ALL;
EXTRA_DIST += $(SYSTEM_TESTS) $(LINTS) \
	tests/helpers/leakcheck tests/helpers/busybox-image tests/helpers/kernel-tells \
	tests/helpers/odd-image tests/helpers/egress-model tests/helpers/leak-names tests/helpers/name-server \
	tests/helpers/slow-dns \
	tests/data/spec/plain.json tests/data/spec/everything.json \
	tests/helpers/archive-registry tests/helpers/imgcases tests/helpers/imgcheck tests/helpers/imgfull \
	tests/helpers/imgtree tests/helpers/layerseq tests/helpers/treecmp tests/helpers/fiveimages tests/helpers/store.bash \
	tests/helpers/assert.bash tests/helpers/cells.bash tests/helpers/cni.bash tests/helpers/damage.bash tests/helpers/outside.bash tests/helpers/suite.bash \
	tests/helpers/instance-init tests/helpers/instance.bash \
	tests/helpers/registry.bash tests/helpers/token-server tests/helpers/ttytalk tests/order.mk \
	tests/fuzz/replay.c tests/fuzz/layer.dict tests/lint/checks.pl tests/lint/lib.bash tests/lint/strip.pl

.PHONY: check-unit check-system check-lint check-tidy
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(UNIT_TESTS)'
check-system:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(SYSTEM_TESTS_SHUFFLED)'
check-lint:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(LINTS)'
check-tidy:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/lint/tidy.sh

# Benchmarks: run by hand on a quiet machine, and in short by bench.bats.
check_PROGRAMS += pair
pair_SOURCES = tests/bench/pair.c
pair_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE)
pair_LDADD = $(LIBBASE)
check_PROGRAMS += ttytime
ttytime_SOURCES = tests/bench/ttytime.c
ttytime_CPPFLAGS = $(AM_CPPFLAGS) $(INC_BASE)
ttytime_LDADD = $(LIBBASE)
EXTRA_DIST += tests/vm/run tests/vm/cells tests/roots
FIELD_TABLE = any cell client container probe profile realm server space stack
EXTRA_DIST += $(FIELD_TABLE:%=tests/integration/fields/%.bash) \
	tests/integration/fields/limits tests/integration/fields/mutate \
	tests/integration/fields/seed
EXTRA_DIST += tests/bench/attach.sh tests/bench/exec.sh tests/bench/start.sh tests/bench/many.sh tests/bench/network.sh tests/bench/footprint.sh tests/bench/load.sh \
	tests/bench/log.sh tests/bench/names.sh tests/bench/pull.sh tests/bench/needs.bash tests/bench/images.bash tests/bench/bigimage.sh
