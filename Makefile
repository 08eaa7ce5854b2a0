# What a user or a contributor does with this repository; `make help` lists it. Cargo does the work: nothing here is
# needed to build a crate by itself.

# ---- Where things are installed ---------------------------------------------------------------------------------

PREFIX     ?= /usr/local
# Prepended to every path that is written, never built into a binary: for packages and for trying things out.
DESTDIR    ?=
# Not below PREFIX: a system has one list of mechanisms, /etc/gss/plugins.conf, wherever the programs lie.
SYSCONFDIR ?= /etc
# Plugins of several architectures can live side by side, so their directory carries the system's name for ours.
TRIPLET    ?= $(or $(shell $(CC) -print-multiarch 2>/dev/null),$(shell uname -m)-linux-gnu)

BINDIR    = $(PREFIX)/bin
PLUGINDIR = $(PREFIX)/lib/$(TRIPLET)/gss
CONFDIR   = $(SYSCONFDIR)/gss
# Of those, systemd-tmpfiles reads the ones below /usr and /usr/local.
TMPFILESDIR = $(PREFIX)/lib/tmpfiles.d
DOCDIR    = $(PREFIX)/share/doc/gss-switch
MANDIR    = $(PREFIX)/share/man

# Under /usr, gssapi.h, the linker's libgss.so and the functions' manual pages are names of the distribution's packages
# (MIT, Heimdal, GNU): there ours stand aside, and libgss.pc says where. The library itself has a name of its own.
AMONG_PACKAGES := $(filter /usr,$(patsubst %/,%,$(PREFIX)))
LIBDIR     = $(PREFIX)/lib$(if $(AMONG_PACKAGES),/$(TRIPLET))
LINKDIR    = $(LIBDIR)$(if $(AMONG_PACKAGES),/gss-switch)
INCLUDEDIR = $(PREFIX)/include$(if $(AMONG_PACKAGES),/gss-switch)
MANSECTION = 3$(if $(AMONG_PACKAGES),gss)

# Everything but what only contributors need.
DOCS = $(filter-out docs/architecture.md,$(wildcard README.md docs/*.md)) LICENSE-MIT LICENSE-APACHE

# ---- How things are built ---------------------------------------------------------------------------------------

# Cargo's own variable counts here too.
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))

# The programs and plugins that are installed and that the demo runs.
PRODUCTS = --package gssctl --package gss-mech-krb5-sim --package gssctl-krb5-sim --package gss-mech-dummy

# What `build` and `install` take; the tests install what is quicker to build.
PROFILE ?= release
BUILT   := $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
VERSION := $(shell sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)

# Workspaces of their own, which `cargo fmt --all` does not see.
OTHER_WORKSPACES = $(wildcard tests/loom/Cargo.toml tests/third-party/Cargo.toml tests/plugins/Cargo.toml \
                              tests/plugins/*/Cargo.toml fuzz/Cargo.toml)

# Versions that are known to work. Whoever has another one already keeps it.
NEXTEST_VERSION = 0.9.151
DENY_VERSION    = 0.20.2
FUZZ_VERSION    = 0.13.2
# These tools run for seconds; optimizing them fully would cost minutes.
QUICK_RELEASE = CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0 \
                CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

# The parts of `make test` have an order, and each uses every core by itself.
.NOTPARALLEL:

.PHONY: all help build demo test system tools lint models doctest suite bench fuzz fuzz-tools fuzz-corpus install audit clean

all: build

help:
	@echo 'make             build gssctl, libgss and the plugins for installation'
	@echo 'make demo        move security contexts between four processes, and watch'
	@echo 'make test        everything a change must pass: lint, models, doc tests, test suite'
	@echo 'make lint        formatting, clippy, documentation, dependencies'
	@echo 'make suite       only the test suite'
	@echo 'make bench       measurements, beside the libraries of MIT and Heimdal (release build)'
	@echo 'make fuzz        every fuzz target for FUZZ_SECONDS (300), up to the first finding; FUZZ_TARGETS chooses'
	@echo 'make fuzz-corpus keep what fuzzing has found new, as few inputs as cover the same'
	@echo 'make audit       known vulnerabilities in dependencies (needs the network)'
	@echo 'make install     PREFIX (/usr/local), SYSCONFDIR (/etc) and DESTDIR say where'
	@echo 'make clean       remove everything that was built'

# The paths become the built-in defaults of the switch. Cargo rebuilds by itself when one of them changes.
build:
	GSS_SYSCONFDIR='$(SYSCONFDIR)' GSS_PLUGINDIR='$(PLUGINDIR)' \
	    cargo build --profile $(PROFILE) --locked $(PRODUCTS) --package libgss

# The dev profile: it starts sooner, and the demo shows behaviour, not speed. The keytab is made anew each time.
DEMO = $(TARGET)/demo
demo:
	cargo build $(PRODUCTS)
	rm -rf '$(DEMO)'
	install -d -m 700 '$(DEMO)'
	'$(TARGET)/debug/gssctl' krb5-sim keytab add '$(DEMO)/krb5-sim.keytab' gssctl-demo/localhost@DEMO.EXAMPLE
	sed 's|keytab=/etc/krb5-sim.keytab|realm=DEMO.EXAMPLE keytab=$(DEMO)/krb5-sim.keytab replay-cache=$(DEMO)|' \
	    plugins.conf > '$(DEMO)/plugins.conf'
	GSS_PLUGINS_CONF='$(DEMO)/plugins.conf' GSS_PLUGIN_DIR='$(TARGET)/debug' '$(TARGET)/debug/gssctl' demo

# ---- Tests --------------------------------------------------------------------------------------------------------

# Cheap and quick to fail first; the suite last, so that its summary ends the output.
test: system tools lint models doctest suite

system:
	tests/setup-system.sh

tools:
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || \
	    { echo 'rustfmt or clippy is missing. Add them with: rustup component add rustfmt clippy'; exit 1; }
	@cargo nextest --version >/dev/null 2>&1 || \
	    { echo 'cargo-nextest is missing: installing $(NEXTEST_VERSION), which takes some minutes once'; \
	      $(QUICK_RELEASE) cargo install --locked --no-default-features --features default-no-update \
	          cargo-nextest@$(NEXTEST_VERSION); }
	@cargo deny --version >/dev/null 2>&1 || \
	    { echo 'cargo-deny is missing: installing $(DENY_VERSION), which takes some minutes once'; \
	      $(QUICK_RELEASE) cargo install --locked cargo-deny@$(DENY_VERSION); }

# --locked, here and in build: a Cargo.lock that does not fit is mended in the change that caused it.
lint: tools
	cargo fmt --all --check
	@set -e; for manifest in $(OTHER_WORKSPACES); do \
	    echo "cargo fmt --check --manifest-path $$manifest"; cargo fmt --check --manifest-path "$$manifest"; done
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps
	cargo deny check bans licenses sources
	@echo 'advisories: NOT checked here, that needs the network; make audit does it'

# Every interleaving of the concurrency primitive, under loom.
models:
	RUSTFLAGS='--cfg loom' cargo test --release --manifest-path tests/loom/Cargo.toml

doctest:
	cargo test --doc --workspace

# The tests run programs and load plugins from the target directory, so these are built first: the suite by itself
# would build only what its tests link.
suite: tools
	cargo build --workspace
	cargo nextest run --workspace --no-fail-fast

bench:
	tests/setup-system.sh bench
	cargo build --release --package gss-mech-dummy --package gss-mech-krb5-sim --package libgss --package gss-benches
	'$(TARGET)/release/gss-benches'
	'$(TARGET)/release/gss-benches-c'

audit: tools
	cargo deny check advisories

# ---- Fuzzing ------------------------------------------------------------------------------------------------------

FUZZ_SECONDS ?= 300
# Names from fuzz/fuzz_targets; all of them by default.
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))
# The sanitizer and the coverage counters are still unstable flags of rustc, which the stable one takes with this.
FUZZ         = RUSTC_BOOTSTRAP=1 cargo fuzz
FUZZ_DIR     = $(TARGET)/fuzz
# Inputs that a run finds; the kept ones in fuzz/corpus are only read.
FUZZ_FOUND   = $(FUZZ_DIR)/found
# Slow and greedy inputs are findings, too. The targets themselves bound what a call may allocate.
FUZZ_LIMITS  = -timeout=10 -rss_limit_mb=2048

fuzz-tools:
	@c++ --version >/dev/null 2>&1 || { echo 'A C++ compiler is missing. Install one: apt-get install g++'; exit 1; }
	@cargo fuzz --version >/dev/null 2>&1 || \
	    { echo 'cargo-fuzz is missing: installing $(FUZZ_VERSION), which takes a minute once'; \
	      $(QUICK_RELEASE) cargo install --locked cargo-fuzz@$(FUZZ_VERSION); }

fuzz: fuzz-tools
	@set -e; for target in $(FUZZ_TARGETS); do \
	    echo "fuzzing $$target for $(FUZZ_SECONDS) seconds"; \
	    mkdir -p "$(FUZZ_FOUND)/$$target"; \
	    $(FUZZ) run --target-dir '$(FUZZ_DIR)' $$target "$(FUZZ_FOUND)/$$target" "fuzz/corpus/$$target" -- \
	        $(FUZZ_LIMITS) -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1; \
	done

# By edges of the code alone: a file for each count of each edge would be megabytes.
fuzz-corpus: fuzz-tools
	@set -e; for target in $(FUZZ_TARGETS); do \
	    new="$(FUZZ_DIR)/minimal/$$target"; rm -rf "$$new"; mkdir -p "$$new" "$(FUZZ_FOUND)/$$target"; \
	    $(FUZZ) run --target-dir '$(FUZZ_DIR)' $$target "$$new" "fuzz/corpus/$$target" "$(FUZZ_FOUND)/$$target" -- \
	        $(FUZZ_LIMITS) -set_cover_merge=1 -use_counters=0; \
	    find "fuzz/corpus/$$target" -type f ! -name 'seed-*' -delete; cp "$$new"/* "fuzz/corpus/$$target"; \
	done

# ---- Installation -------------------------------------------------------------------------------------------------

# What `libgss.pc` says, in terms of its own prefix where that fits.
PC_PATH = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))

# An administrator's configuration is never overwritten: a different one is put beside it. The dummy's paragraph is
# left out, since that mechanism authenticates nobody.
install: build
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(PLUGINDIR)' '$(DESTDIR)$(CONFDIR)/plugins.d' '$(DESTDIR)$(DOCDIR)' \
	    '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(LINKDIR)' '$(DESTDIR)$(INCLUDEDIR)/gssapi' '$(DESTDIR)$(TMPFILESDIR)'
	install -m 755 '$(BUILT)/gssctl' '$(BUILT)/gssctl-krb5-sim' '$(DESTDIR)$(BINDIR)'
	install -m 644 '$(BUILT)/libgss_mech_krb5_sim.so' '$(BUILT)/libgss_mech_dummy.so' '$(DESTDIR)$(PLUGINDIR)'
	install -m 644 '$(BUILT)/libgss.so' '$(DESTDIR)$(LIBDIR)/libgss.so.1'
	ln -sfr '$(DESTDIR)$(LIBDIR)/libgss.so.1' '$(DESTDIR)$(LINKDIR)/libgss.so'
	install -m 644 libgss/include/gssapi.h '$(DESTDIR)$(INCLUDEDIR)'
	install -m 644 libgss/include/gssapi/*.h '$(DESTDIR)$(INCLUDEDIR)/gssapi'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@CONFDIR@|$(CONFDIR)|' \
	    -e 's|@INCLUDEDIR@|$(call PC_PATH,$(INCLUDEDIR))|' -e 's|@LINKDIR@|$(call PC_PATH,$(LINKDIR))|' \
	    -e 's|@PLUGINDIR@|$(call PC_PATH,$(PLUGINDIR))|' libgss/libgss.pc.in > '$(BUILT)/libgss.pc'
	install -m 644 '$(BUILT)/libgss.pc' '$(DESTDIR)$(LIBDIR)/pkgconfig'
	libgss/man/install.sh '$(DESTDIR)$(MANDIR)' '$(MANSECTION)'
	install -m 644 $(DOCS) '$(DESTDIR)$(DOCDIR)'
	install -m 644 tmpfiles.d/gss-switch.conf '$(DESTDIR)$(TMPFILESDIR)'
	sed '/^# For the demo and the tests only/,/^$$/d' plugins.conf > '$(BUILT)/plugins.conf'
	@conf='$(DESTDIR)$(CONFDIR)/plugins.conf'; new="$$conf"; \
	if [ -e "$$conf" ]; then \
	    cmp -s '$(BUILT)/plugins.conf' "$$conf" && exit 0; \
	    new="$$conf.new"; echo "$$conf exists and is kept; ours is $$new"; \
	fi; \
	install -m 644 '$(BUILT)/plugins.conf' "$$new"
	@[ -n '$(DESTDIR)' ] || ldconfig || echo 'Programs find libgss.so.1 once ldconfig has run, as root.'
	@[ -n '$(DESTDIR)' ] || systemd-tmpfiles --create '$(TMPFILESDIR)/gss-switch.conf' || \
	    echo 'The transfer store is in /run/gss/transfer once systemd-tmpfiles --create has run, as root.'

clean:
	cargo clean
	rm -rf $(wildcard tests/*/target tests/*/*/target fuzz/target)
