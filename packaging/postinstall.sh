#!/bin/sh
# The account that programs such as libvirt run swtpm_setup under owns the certificate authority.
set -e
if ! getent group tss >/dev/null; then
	groupadd --system tss
fi
if ! getent passwd tss >/dev/null; then
	useradd --system --gid tss --home-dir / --no-create-home --shell /usr/sbin/nologin --comment "Account of TPM software" tss
fi
chown tss:root /var/lib/swtpm-localca
chmod 0750 /var/lib/swtpm-localca
