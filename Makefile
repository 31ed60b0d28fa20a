# make              builds the program
# make install      installs it with manual pages and configuration, below DESTDIR
# make uninstall    removes that again, but for configuration and certificate authority
# make packages     makes a deb and an rpm in build/
# make man          writes the manual pages anew, after a change of the programs' help
# make test, check  runs the tests, the quick checks

# The programs look for their configuration in /etc, or in the user's, and for the distribution's profiles in
# /usr/share/swtpm/profiles, wherever they are installed.
PREFIX = /usr
BINDIR = $(PREFIX)/bin
DATADIR = $(PREFIX)/share
MANDIR = $(DATADIR)/man
SYSTEMDDIR = $(PREFIX)/lib
LOCALSTATEDIR = /var
DESTDIR =
GO = go
GOFLAGS = -trimpath
NFPM = $(GO) run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0
VERSION = 0.1.0

ifdef SYSCONFDIR
ifneq ($(SYSCONFDIR),/etc)
$(error SYSCONFDIR is /etc, where the programs look for their configuration: leave it out)
endif
endif
SYSCONFDIR = /etc

PROGRAMS = swtpm swtpm_cuse swtpm_setup swtpm_ioctl swtpm_bios swtpm_cert swtpm_localca
# Manual pages under the names of swtpm: alias=page.
MANALIASES = swtpm_cuse.8=swtpm-cuse.8 swtpm-localca.8=swtpm_localca.8

CADIR = $(LOCALSTATEDIR)/lib/swtpm-localca
FILL = sed -e 's,@BINDIR@,$(BINDIR),g' -e 's,@SYSCONFDIR@,$(SYSCONFDIR),g' -e 's,@LOCALSTATEDIR@,$(LOCALSTATEDIR),g'
# A file with its paths filled in: source, destination, mode.
define fill
	$(FILL) $(1) >build/filled
	install -m $(3) build/filled $(DESTDIR)$(2)
endef
# The same for configuration: what somebody has edited stays, and the new one is laid beside it.
define configure
	$(FILL) $(1) >build/filled
	if [ ! -e $(DESTDIR)$(2) ] || cmp -s build/filled $(DESTDIR)$(2); then install -m 0644 build/filled $(DESTDIR)$(2); \
	else install -m 0644 build/filled $(DESTDIR)$(2).new; echo "$(DESTDIR)$(2) was edited and stays; the new one is $(DESTDIR)$(2).new"; fi
endef

all: build/swtpm

build/swtpm: FORCE
	CGO_ENABLED=0 $(GO) build $(GOFLAGS) -ldflags=-s -o $@ ./cmd/swtpm

# Mandatory access control goes by files: AppArmor has a profile for the path bin/swtpm, SELinux labels for swtpm and swtpm_cuse that
# the other programs must not have. So these are files of their own, and the others are links to a third.
install: build/swtpm
	install -d -m 0755 $(DESTDIR)$(BINDIR) $(DESTDIR)$(DATADIR)/swtpm/profiles $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	install -d -m 0755 $(DESTDIR)$(SYSTEMDDIR)/sysusers.d $(DESTDIR)$(SYSTEMDDIR)/tmpfiles.d
	install -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/swtpm/profiles
	install -d -m 0750 $(DESTDIR)$(CADIR)
	for name in swtpm swtpm_cuse swtpm_setup; do install -m 0755 build/swtpm $(DESTDIR)$(BINDIR)/$$name || exit 1; done
	for name in ioctl bios cert localca; do ln -sf swtpm_setup $(DESTDIR)$(BINDIR)/swtpm_$$name || exit 1; done
	ln -sf $(BINDIR)/swtpm_setup $(DESTDIR)$(DATADIR)/swtpm/swtpm-create-tpmca
	install -m 0644 doc/man/*.8 $(DESTDIR)$(MANDIR)/man8
	for alias in $(MANALIASES); do echo ".so man8/$${alias#*=}" >build/filled; install -m 0644 build/filled $(DESTDIR)$(MANDIR)/man8/$${alias%=*} || exit 1; done
	install -m 0644 doc/man/*.5 $(DESTDIR)$(MANDIR)/man5
	$(call configure,packaging/etc/swtpm_setup.conf,$(SYSCONFDIR)/swtpm_setup.conf)
	$(call configure,packaging/etc/swtpm-localca.conf,$(SYSCONFDIR)/swtpm-localca.conf)
	$(call configure,packaging/etc/swtpm-localca.options,$(SYSCONFDIR)/swtpm-localca.options)
	$(call fill,packaging/share/swtpm-localca,$(DATADIR)/swtpm/swtpm-localca,0755)
	$(call fill,packaging/share/swtpm-create-user-config-files,$(DATADIR)/swtpm/swtpm-create-user-config-files,0755)
	$(call fill,packaging/lib/sysusers.conf,$(SYSTEMDDIR)/sysusers.d/swtpm.conf,0644)
	$(call fill,packaging/lib/tmpfiles.conf,$(SYSTEMDDIR)/tmpfiles.d/swtpm-localca.conf,0644)

uninstall:
	for name in $(PROGRAMS); do rm -f $(DESTDIR)$(BINDIR)/$$name; done
	for page in doc/man/*.8; do rm -f $(DESTDIR)$(MANDIR)/man8/$${page##*/}; done
	for alias in $(MANALIASES); do rm -f $(DESTDIR)$(MANDIR)/man8/$${alias%=*}; done
	for page in doc/man/*.5; do rm -f $(DESTDIR)$(MANDIR)/man5/$${page##*/}; done
	rm -f $(DESTDIR)$(DATADIR)/swtpm/swtpm-localca $(DESTDIR)$(DATADIR)/swtpm/swtpm-create-user-config-files $(DESTDIR)$(DATADIR)/swtpm/swtpm-create-tpmca
	rm -f $(DESTDIR)$(SYSTEMDDIR)/sysusers.d/swtpm.conf $(DESTDIR)$(SYSTEMDDIR)/tmpfiles.d/swtpm-localca.conf
	-rmdir $(DESTDIR)$(DATADIR)/swtpm/profiles $(DESTDIR)$(DATADIR)/swtpm 2>/dev/null

# What packages hold is what an installation to /usr has, with links and manual pages as distributions have them.
packages:
	rm -rf build/root
	$(MAKE) install DESTDIR=build/root PREFIX=/usr SYSCONFDIR=/etc LOCALSTATEDIR=/var
	ln -sf ../../bin/swtpm_setup build/root/usr/share/swtpm/swtpm-create-tpmca
	gzip -9n build/root/usr/share/man/man*/*
	VERSION=$(VERSION) ARCH=$$($(GO) env GOARCH) $(NFPM) package --config packaging/nfpm.yaml --packager deb --target build/
	VERSION=$(VERSION) ARCH=$$($(GO) env GOARCH) $(NFPM) package --config packaging/nfpm.yaml --packager rpm --target build/

man:
	$(GO) run ./doc/man/gen

test:
	$(GO) test ./...

check:
	script/check

clean:
	rm -rf build

FORCE:
.PHONY: all install uninstall packages man test check clean FORCE
